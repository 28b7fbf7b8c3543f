"""The order of precedence, rule by rule but for completion, in the order of docs/how-a-run-ends.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.decisions import (
    Decision,
    End,
    ForceStop,
    Interrupt,
    Over,
    Refused,
    Settle,
    TerminateStopped,
    Wait,
)
from monitor_runtime.decide.observation import Observation, Unknown

from ..builders import LAUNCH, at, decided, instance, seen, settings, stored

DONE = stored("done", at(hours=2))
FAILED = stored("FAILED", at(hours=2))
GRACE_OVER = at(hours=2, minutes=5)
HOUR = timedelta(hours=1)
S3_DOWN = Unknown("s3:ListObjectsV2: SlowDown")


def _ended(outcome: Outcome = Outcome.SUCCEEDED, when: datetime | None = None) -> dict[str, str]:
    return {
        names.TAG_OUTCOME: outcome,
        names.TAG_REASON: "marker done",
        names.TAG_ENDED_AT: format_time(when or at(hours=2)),
    }


def _in(state: InstanceState, *objects: Any, **fields: Any) -> Observation:
    return Observation(instance(state, **fields), objects=tuple(objects))


def _outcome(decision: Decision) -> tuple[str, Action]:
    assert isinstance(decision, End)
    return decision.outcome, decision.action


# 1. No longer running.


@pytest.mark.parametrize("state", [InstanceState.GONE, InstanceState.SHUTTING_DOWN, InstanceState.STOPPING])
def test_nothing_is_done_about_an_instance_on_its_way_out(state: InstanceState) -> None:
    assert isinstance(decided(settings(), _in(state), at(hours=3)), Over)


def test_a_recorded_ending_is_over() -> None:
    assert isinstance(decided(settings(), _in(InstanceState.STOPPED, tags=_ended()), at(hours=3)), Over)


@pytest.mark.parametrize(
    ("objects", "now", "outcome"),
    [
        ((DONE,), at(hours=3), Outcome.SUCCEEDED),
        ((FAILED,), at(hours=3), Outcome.FAILED),
        ((), at(hours=3), Outcome.INTERRUPTED),
        ((), at(hours=25), Outcome.DEADLINE),
    ],
)
def test_an_ending_that_nobody_recorded_is_worked_out_and_recorded(
    objects: tuple[Any, ...], now: datetime, outcome: Outcome
) -> None:
    decision = decided(settings(), _in(InstanceState.STOPPED, *objects, state_changed_at=now), now)
    assert isinstance(decision, Settle)
    assert (decision.outcome, decision.record) == (outcome, True)


def test_the_outcome_of_an_earlier_launch_does_not_count() -> None:
    stale = _ended(when=LAUNCH - HOUR)
    assert isinstance(decided(settings(), _in(InstanceState.STOPPED, tags=stale), at(hours=3)), Settle)


def test_a_stopped_run_waits_for_s3_before_its_outcome_is_said() -> None:
    seen_it = Observation(instance(InstanceState.STOPPED), objects=S3_DOWN)
    assert isinstance(decided(settings(), seen_it, at(hours=3)), Over)


@pytest.mark.parametrize(("minutes", "kind"), [(59, Over), (61, Settle)])
def test_what_s3_denies_for_an_hour_after_the_stop_is_waited_for_no_longer(minutes: int, kind: type[Decision]) -> None:
    stopped = instance(InstanceState.STOPPED, state_changed_at=at(hours=1))
    denied = Observation(stopped, objects=Unknown("s3:ListObjectsV2: AccessDenied", permanent=True))
    decision = decided(settings(), denied, at(hours=1, minutes=minutes))
    assert isinstance(decision, kind)
    assert "AccessDenied" in decision.reason


def test_a_stopped_run_that_cannot_be_verified_any_more_is_unverified() -> None:
    missing = _in(InstanceState.STOPPED, DONE)
    decision = decided(settings(checkpoint_patterns=("*.pt",)), missing, at(hours=3))
    assert isinstance(decision, Settle)
    assert (decision.outcome, "checkpoint *.pt: absent" in decision.reason) == (Outcome.UNVERIFIED, True)


def test_an_unverified_run_is_kept_however_long_it_is_stopped() -> None:
    kept = _in(InstanceState.STOPPED, state_changed_at=at(hours=2), tags=_ended(Outcome.UNVERIFIED))
    assert isinstance(decided(settings(terminate_after_days=1), kept, at(days=30)), Over)


def test_a_terminated_instance_that_nobody_recorded_is_recorded() -> None:
    assert isinstance(decided(settings(), _in(InstanceState.TERMINATED, DONE), at(hours=3)), Settle)


def test_an_ending_that_was_not_told_is_told() -> None:
    stopped = _in(InstanceState.STOPPED, tags=_ended())
    assert isinstance(decided(settings(), stopped, at(hours=3), notifies=True), Settle)


def test_a_switch_that_is_left_behind_is_removed() -> None:
    stopped = _in(InstanceState.STOPPED, tags={**_ended(), names.TAG_ARMED: "2026-03-03T09:10:00Z"})
    assert isinstance(decided(settings(), stopped, at(hours=3)), Settle)


@pytest.mark.parametrize(("minutes", "kind"), [(9, Over), (11, ForceStop)])
def test_an_instance_that_is_stopping_for_over_ten_minutes_is_forced(minutes: int, kind: type[Decision]) -> None:
    stopping = _in(InstanceState.STOPPING, state_changed_at=at(hours=2))
    assert isinstance(decided(settings(), stopping, at(hours=2, minutes=minutes)), kind)


@pytest.mark.parametrize(("days", "kind"), [(6.9, Over), (7.1, TerminateStopped)])
def test_a_stopped_instance_is_terminated_after_its_days(days: float, kind: type[Decision]) -> None:
    stopped = _in(InstanceState.STOPPED, tags=_ended(), state_changed_at=at(hours=2))
    assert isinstance(decided(settings(terminate_after_days=7), stopped, at(hours=2, days=days)), kind)


@pytest.mark.parametrize(("days", "words"), [(1, "kept for 1 day"), (7, "kept for 7 days")])
def test_the_days_of_a_kept_instance_are_told_as_people_count_them(days: int, words: str) -> None:
    stopped = _in(InstanceState.STOPPED, tags=_ended(), state_changed_at=at(hours=2))
    decision = decided(settings(terminate_after_days=days), stopped, at(hours=3, days=days))
    assert isinstance(decision, TerminateStopped)
    assert decision.reason.endswith(words)


# 2. Spot interruption.


def test_a_spot_warning_comes_before_a_hold_and_signals_the_training() -> None:
    held = instance(tags={names.TAG_HOLD_UNTIL: format_time(at(hours=5))})
    decision = decided(settings(), seen(instance=held, interruption_warned=True), at(hours=1))
    assert isinstance(decision, Interrupt)
    assert (decision.outcome, decision.signal_first) == (Outcome.INTERRUPTED, True)


def test_a_spot_warning_to_a_finished_run_does_not_make_it_an_interrupted_one() -> None:
    decision = decided(settings(), seen(DONE, interruption_warned=True), at(hours=2, minutes=1))
    assert isinstance(decision, Interrupt)
    assert (decision.outcome, decision.signal_first) == (Outcome.SUCCEEDED, False)


def test_a_spot_warning_while_the_marker_cannot_be_read_does_not_say_more_than_is_known() -> None:
    unread = Unknown("s3:GetObject: SlowDown")
    decision = decided(settings(), seen(DONE, marker_body=unread, interruption_warned=True), at(hours=2))
    assert decision == Interrupt(
        Outcome.INTERRUPTED, "spot interruption: marker done cannot be read: s3:GetObject: SlowDown", signal_first=False
    )


def test_a_spot_warning_that_comes_twice_is_recorded_once() -> None:
    told = {**_ended(Outcome.INTERRUPTED, at(hours=1)), names.TAG_REASON: "spot interruption warning"}
    recorded = instance(tags=told)
    decision = decided(settings(), seen(instance=recorded, interruption_warned=True), at(hours=1, seconds=30))
    assert not isinstance(decision, Interrupt)


# 3. Hold.


def test_a_hold_comes_before_the_deadline() -> None:
    held = instance(tags={names.TAG_HOLD_UNTIL: format_time(at(hours=26))})
    decision = decided(settings(), seen(instance=held), at(hours=25))
    assert decision == Wait("on hold until 2026-03-03T11:00:00Z", at(hours=26))


@pytest.mark.parametrize("until", ["tomorrow", "", "2026-03-30T09:00:00Z", "2026-03-03T09:00:00Z"])
def test_a_hold_that_is_unreadable_too_long_or_past_is_ignored(until: str) -> None:
    held = instance(tags={names.TAG_HOLD_UNTIL: until})
    assert isinstance(decided(settings(), seen(instance=held), at(hours=25)), End)


# 4. Deadline.


@pytest.mark.parametrize(("seconds", "kind"), [(-1, Wait), (0, End)])
def test_the_deadline_counts_from_the_launch(seconds: int, kind: type[Decision]) -> None:
    assert isinstance(decided(settings(), seen(), at(hours=24, seconds=seconds)), kind)


def test_the_deadline_does_not_wait_for_s3_and_signals_the_training() -> None:
    decision = decided(settings(), Observation(instance(), objects=S3_DOWN), at(hours=24))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.signal_first) == (Outcome.DEADLINE, True)


def test_without_a_deadline_a_run_is_never_too_long() -> None:
    assert isinstance(decided(settings(max_runtime_hours=0), seen(), at(days=30)), Wait)


# 9. Wait; and what holds for every ending.


def test_the_next_check_is_the_backoffs_while_it_grows_and_then_the_heartbeats() -> None:
    early = decided(settings(), seen(), at(seconds=45))
    late = decided(settings(max_runtime_hours=0), seen(), at(hours=1))
    assert isinstance(early, Wait)
    assert early.recheck_at
    assert timedelta(seconds=90) <= early.recheck_at - LAUNCH < timedelta(seconds=100)
    assert late == Wait("training", None)


def test_a_report_is_made_once_and_the_deadline_still_holds() -> None:
    run = settings(on_complete=Action.REPORT)
    told = instance(tags={**_ended(), names.TAG_REPORTED: f"{format_time(at(hours=2))} succeeded"})
    assert _outcome(decided(run, seen(DONE), GRACE_OVER)) == (Outcome.SUCCEEDED, Action.REPORT)
    assert isinstance(decided(run, seen(DONE, instance=told), at(hours=5)), Wait)
    assert _outcome(decided(run, seen(DONE, instance=told), at(hours=24))) == (Outcome.DEADLINE, Action.STOP)


def _refused(count: int, what: str, when: datetime | None = None) -> dict[str, str]:
    return {names.TAG_REFUSED: f"{count} {format_time(when or at(hours=2))} {what}"}


@pytest.mark.parametrize(("count", "kind"), [(2, End), (3, Refused)])
def test_an_ending_that_ec2_refuses_is_not_tried_for_ever(count: int, kind: type[Decision]) -> None:
    refused = instance(tags=_refused(count, "succeeded"))
    assert isinstance(decided(settings(), seen(DONE, instance=refused), GRACE_OVER), kind)


def test_refusals_of_an_earlier_launch_do_not_count() -> None:
    refused = instance(tags=_refused(3, "succeeded", LAUNCH - HOUR))
    assert isinstance(decided(settings(), seen(DONE, instance=refused), GRACE_OVER), End)


@pytest.mark.parametrize(("minutes", "kind"), [(59, Refused), (60, End)])
def test_what_ec2_refused_too_often_is_asked_for_again_after_an_hour(minutes: int, kind: type[Decision]) -> None:
    refused = instance(tags=_refused(3, "succeeded", GRACE_OVER))
    decision = decided(settings(), seen(DONE, instance=refused), GRACE_OVER + timedelta(minutes=minutes))
    assert isinstance(decision, kind)


def test_a_success_whose_ending_was_refused_is_still_one_at_the_deadline() -> None:
    refused = instance(tags=_refused(3, "succeeded"))
    assert _outcome(decided(settings(), seen(DONE, instance=refused), at(hours=24)))[0] is Outcome.SUCCEEDED


@pytest.mark.parametrize(("seconds", "kind"), [(299, Over), (300, Wait)])
def test_an_interruption_that_came_to_nothing_is_watched_again_after_five_minutes(
    seconds: int, kind: type[Decision]
) -> None:
    warned = {**_ended(Outcome.INTERRUPTED), names.TAG_REASON: "spot interruption warning"}
    spared = seen(instance=instance(tags=warned))
    assert isinstance(decided(settings(), spared, at(hours=2, seconds=seconds)), kind)


@pytest.mark.parametrize(
    ("objects", "until"),
    [((), at(hours=24)), ((stored("done", at(hours=23, minutes=50)),), at(hours=24, minutes=5))],
    ids=["training", "in grace"],
)
def test_no_wait_is_longer_than_to_the_deadline_or_to_the_last_look_after_it(
    objects: tuple[Any, ...], until: datetime
) -> None:
    waits = decided(settings(grace_seconds=7200), seen(*objects), at(hours=23, minutes=55))
    assert isinstance(waits, Wait)
    assert waits.recheck_at == until


@pytest.mark.parametrize(("count", "kind"), [(2, ForceStop), (3, Refused)])
def test_a_forced_stop_that_ec2_refuses_is_not_tried_for_ever(count: int, kind: type[Decision]) -> None:
    stuck = _in(InstanceState.STOPPING, state_changed_at=at(hours=2), tags=_refused(count, "force"))
    assert isinstance(decided(settings(), stuck, at(hours=2, minutes=59)), kind)


@pytest.mark.parametrize(("count", "kind"), [(2, TerminateStopped), (3, Refused)])
def test_a_late_termination_that_ec2_refuses_is_not_tried_for_ever(count: int, kind: type[Decision]) -> None:
    tags = {**_ended(), **_refused(count, "terminate-stopped", at(hours=26, minutes=30))}
    kept = _in(InstanceState.STOPPED, state_changed_at=at(hours=2), tags=tags)
    assert isinstance(decided(settings(terminate_after_days=1), kept, at(hours=27)), kind)
