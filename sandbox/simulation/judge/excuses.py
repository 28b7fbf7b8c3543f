"""What excuses a monitor: a right that it lacks, a second instance, and one slip; and what is asked of it then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from sandbox.simulation.judge.audits import goes_on
from sandbox.simulation.judge.invariants import Found, Violation
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import ALIVE, SpotKind
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.weather import Weather

PROVEN = frozenset(
    {
        Right.DESCRIBE,
        Right.STOP,
        Right.TERMINATE,
        Right.TAG,
        Right.LIST_BUCKET,
        Right.LIST_UPLOADS,
        Right.CREATE_SCHEDULE,
        Right.UPDATE_SCHEDULE,
        Right.DELETE_SCHEDULE,
    }
)
"""What a first check tries for every run."""
_IN_TIME = frozenset({"a_stalled_run_is_ended_in_time", "a_noticed_completion_is_ended_at_once"})
_BY_SCHEDULES = frozenset({"the_switch_is_armed", "an_audit_arms_the_switch_again"})
_OF_AUDITS = frozenset(
    {
        "an_audit_tells_what_was_taken_away",
        "an_audit_arms_the_switch_again",
        "an_audit_checks_the_run_whose_heartbeat_is_disabled",
    }
)
_BY_TAGS = frozenset(
    {
        "a_box_is_told_once",
        "a_check_ends_what_is_due",
        "a_marker_that_is_gone_is_told",
        "an_ended_run_is_settled_by_the_next_check",
        "an_ending_is_told_once",
        "an_interruption_is_recorded",
        "the_switch_is_armed",
    }
)
BEYOND: Mapping[Right, frozenset[str]] = {
    Right.DESCRIBE: frozenset(
        {
            *_IN_TIME,
            *_OF_AUDITS,
            "a_check_tells_that_its_instance_lost_its_tags",
            "an_audit_tells_that_an_ending_is_denied",
        }
    ),
    Right.STOP: frozenset({"a_stalled_run_is_ended_in_time"}),
    Right.TERMINATE: frozenset({"a_stalled_run_is_ended_in_time"}),
    Right.CANCEL: frozenset({"a_stalled_run_is_ended_in_time"}),
    Right.TAG: _IN_TIME | _BY_TAGS,
    Right.CREATE_SCHEDULE: _IN_TIME | _BY_SCHEDULES | {"the_monitor_is_there_at_the_deadline"},
    Right.UPDATE_SCHEDULE: _IN_TIME | _BY_SCHEDULES | {"the_monitor_is_there_at_the_deadline"},
    Right.GET_SCHEDULE: _OF_AUDITS,
    Right.LIST_SCHEDULES: _OF_AUDITS | {"a_check_tells_that_its_instance_lost_its_tags"},
    # A report that the topic does not take is tried by each look, which waits for nothing after it.
    Right.PUBLISH: frozenset({"a_noticed_completion_is_ended_at_once"}),
    Right.METRIC: frozenset({"a_metric_without_data_is_told"}),
    Right.SEND_COMMAND: frozenset({"a_signalled_training_gets_its_time", "a_warning_reaches_the_training"}),
    Right.GET_INVOCATION: frozenset({"a_signalled_training_gets_its_time"}),
}
"""The invariants that no monitor can keep without a right. All others hold, by what `Truth` makes of the denial."""
BESIDE_ANOTHER = frozenset(
    {
        "a_check_ends_what_is_due",
        "a_check_tells_that_its_instance_lost_its_tags",
        "a_finished_box_is_stopped_again",
        "a_finished_run_is_ended_in_time",
        "a_marker_that_is_gone_is_told",
        "a_metric_without_data_is_told",
        "a_noticed_completion_is_ended_at_once",
        "a_refusal_is_asked_for_again",
        "a_refusal_is_not_asked_for_ever",
        "a_removed_instance_is_no_news",
        "a_signalled_training_gets_its_time",
        "a_silent_box_is_told",
        "a_stuck_stop_is_forced",
        "a_warning_reaches_the_training",
        "an_audit_arms_the_switch_again",
        "an_audit_checks_the_run_whose_heartbeat_is_disabled",
        "an_audit_tells_what_was_taken_away",
        "an_ended_run_costs_one_call",
        "an_ended_run_is_settled_by_the_next_check",
        "an_event_waits_for_nothing",
        "an_interruption_is_recorded",
        "nothing_is_made_for_what_is_being_removed",
        "only_what_was_there_is_gone",
        "the_monitor_is_there_at_the_deadline",
        "the_outcome_is_true",
        "the_recorded_outcome_is_true",
        "the_switch_is_armed",
        "what_is_unknown_is_left_to_the_heartbeat",
    }
)
"""What a check that looks after two instances in turn has no time for, or what the record does not tell of it."""
MADE_GOOD = frozenset(
    {
        "a_box_that_reports_is_not_told",
        "a_check_ends_what_is_due",
        "a_check_tells_that_its_instance_lost_its_tags",
        "a_finished_box_is_stopped_again",
        "a_marker_that_is_gone_is_told",
        "a_metric_without_data_is_told",
        "a_refusal_is_asked_for_again",
        "a_refusal_is_not_asked_for_ever",
        "a_removed_instance_is_no_news",
        "a_silent_box_is_told",
        "a_stuck_stop_is_forced",
        "an_audit_arms_the_switch_again",
        "an_audit_checks_the_run_whose_heartbeat_is_disabled",
        "an_audit_tells_what_was_taken_away",
        "an_ended_run_is_settled_by_the_next_check",
        "an_event_waits_for_nothing",
        "the_switch_is_armed",
        "what_is_unknown_is_left_to_the_heartbeat",
    }
)
"""What one check of a lifecycle may miss in bad weather, where an earlier one is late: it costs an interval, or a call,
and no work. A second miss counts, and so do both then."""


def asked(truth: Truth, found: list[Violation]) -> list[Violation]:
    """Of what does not hold, what could have been asked of a monitor."""
    counted = [each for each in found if not is_beyond(truth, each.invariant, each.at)]
    if truth.record.scenario.weather is Weather.CALM:
        return counted
    times = Counter(each.invariant for each in counted)
    return [each for each in counted if each.invariant not in MADE_GOOD or times[each.invariant] > 1]


def is_beyond(truth: Truth, invariant: str, moment: int) -> bool:
    """Whether no monitor could have kept this invariant at that moment."""
    if truth.has_two_instances and invariant in BESIDE_ANOTHER:
        return True
    denial = truth.record.scenario.denial
    return denial is not None and invariant in BEYOND.get(denial.right, ()) and truth.record.lacks(denial.right, moment)


def a_first_check_fails_where_a_right_is_denied(truth: Truth) -> Iterator[Found]:
    """``pulumi up`` does not succeed with a run that the monitor could not find, end or record."""
    scenario = truth.record.scenario
    proven = PROVEN | ({Right.CANCEL} if scenario.machine.spot is not SpotKind.NONE else frozenset[Right]())
    for check in truth.record.checks:
        first = check.trigger == "first-check" and check.state_at_start in ALIVE and check.ended_at is not None
        lacks = [right for right in proven if truth.record.lacks(right, check.started_at)]
        if first and lacks and check.error is None and not check.killed:
            yield Found(check.started_at, f"check {check.number} found nothing wrong without {', '.join(lacks)}")


def an_audit_tells_that_an_ending_is_denied(truth: Truth) -> Iterator[Found]:
    """An undisturbed audit of a run that goes on names the denial that would keep it from being ended."""
    for check in truth.record.checks:
        whole = check.completed and check.trigger == "audit" and check.reply is not None
        denied = [each for each in (Right.STOP, Right.TERMINATE) if truth.record.lacks(each, check.started_at)]
        known_at = truth.record.launches[check.launch].at + truth.record.scenario.machine.unknown_for
        if not whole or not denied or check.started_at < known_at or not goes_on(truth, check):
            continue
        if "ending-denied" not in {each["flaw"] for each in (check.reply or {})["findings"]}:
            yield Found(check.started_at, f"audit {check.number} does not tell that {denied[0]} is denied")


DENIALS = (a_first_check_fails_where_a_right_is_denied, an_audit_tells_that_an_ending_is_denied)
