"""The order of precedence, rule by rule, in the order of docs/how-a-run-ends.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime import names
from monitor_runtime.decision import decide
from monitor_runtime.decisions import (
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
from monitor_runtime.settings import Action, Idle
from monitor_runtime.tags import format_time
from monitor_runtime.world import (
    InstanceState,
    ManifestEntry,
    MarkerBody,
    Observation,
    Outcome,
    Unknown,
    Upload,
)

from .builders import LAUNCH, PREFIX, at, instance, seen, settings, stored

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
    return Observation(instance(state, **fields), tuple(objects))


def _outcome(decision: Decision) -> tuple[str, Action]:
    assert isinstance(decision, End)
    return decision.outcome, decision.action


# 1. No longer running.


@pytest.mark.parametrize("state", [InstanceState.GONE, InstanceState.SHUTTING_DOWN, InstanceState.STOPPING])
def test_nothing_is_done_about_an_instance_on_its_way_out(state: InstanceState) -> None:
    assert isinstance(decide(settings(), _in(state), at(hours=3)), Over)


def test_a_recorded_ending_is_over() -> None:
    assert isinstance(decide(settings(), _in(InstanceState.STOPPED, tags=_ended()), at(hours=3)), Over)


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
    decision = decide(settings(), _in(InstanceState.STOPPED, *objects), now)
    assert isinstance(decision, Settle)
    assert (decision.outcome, decision.record) == (outcome, True)


def test_the_outcome_of_an_earlier_launch_does_not_count() -> None:
    stale = _ended(when=LAUNCH - HOUR)
    assert isinstance(decide(settings(), _in(InstanceState.STOPPED, tags=stale), at(hours=3)), Settle)


def test_a_stopped_run_waits_for_s3_before_its_outcome_is_said() -> None:
    seen_it = Observation(instance(InstanceState.STOPPED), S3_DOWN)
    assert isinstance(decide(settings(), seen_it, at(hours=3)), Over)


def test_an_ending_that_was_not_told_is_told() -> None:
    stopped = _in(InstanceState.STOPPED, tags=_ended())
    assert isinstance(decide(settings(), stopped, at(hours=3), notifies=True), Settle)


def test_a_switch_that_is_left_behind_is_removed() -> None:
    stopped = _in(InstanceState.STOPPED, tags={**_ended(), names.TAG_ARMED: "2026-03-03T09:10:00Z"})
    assert isinstance(decide(settings(), stopped, at(hours=3)), Settle)


@pytest.mark.parametrize(("minutes", "kind"), [(9, Over), (11, ForceStop)])
def test_an_instance_that_is_stopping_for_over_ten_minutes_is_forced(minutes: int, kind: type[Decision]) -> None:
    stopping = _in(InstanceState.STOPPING, state_changed_at=at(hours=2))
    assert isinstance(decide(settings(), stopping, at(hours=2, minutes=minutes)), kind)


@pytest.mark.parametrize(("days", "kind"), [(6.9, Over), (7.1, TerminateStopped)])
def test_a_stopped_instance_is_terminated_after_its_days(days: float, kind: type[Decision]) -> None:
    stopped = _in(InstanceState.STOPPED, tags=_ended(), state_changed_at=at(hours=2))
    assert isinstance(decide(settings(terminate_after_days=7), stopped, at(hours=2, days=days)), kind)


# 2. Spot interruption.


def test_a_spot_warning_comes_before_a_hold_and_signals_the_training() -> None:
    held = instance(tags={names.TAG_HOLD_UNTIL: format_time(at(hours=5))})
    decision = decide(settings(), seen(instance=held, interruption_warned=True), at(hours=1))
    assert isinstance(decision, Interrupt)
    assert (decision.outcome, decision.signal_first) == (Outcome.INTERRUPTED, True)


def test_a_spot_warning_to_a_finished_run_does_not_make_it_an_interrupted_one() -> None:
    decision = decide(settings(), seen(DONE, interruption_warned=True), at(hours=2, minutes=1))
    assert isinstance(decision, Interrupt)
    assert (decision.outcome, decision.signal_first) == (Outcome.SUCCEEDED, False)


def test_a_spot_warning_that_comes_twice_is_recorded_once() -> None:
    told = {**_ended(Outcome.INTERRUPTED, at(hours=1)), names.TAG_REASON: "spot interruption warning"}
    recorded = instance(tags=told)
    decision = decide(settings(), seen(instance=recorded, interruption_warned=True), at(hours=1, seconds=30))
    assert not isinstance(decision, Interrupt)


# 3. Hold.


def test_a_hold_comes_before_the_deadline() -> None:
    held = instance(tags={names.TAG_HOLD_UNTIL: format_time(at(hours=26))})
    decision = decide(settings(), seen(instance=held), at(hours=25))
    assert decision == Wait("on hold until 2026-03-03T11:00:00Z", at(hours=26))


@pytest.mark.parametrize("until", ["tomorrow", "", "2026-03-30T09:00:00Z", "2026-03-03T09:00:00Z"])
def test_a_hold_that_is_unreadable_too_long_or_past_is_ignored(until: str) -> None:
    held = instance(tags={names.TAG_HOLD_UNTIL: until})
    assert isinstance(decide(settings(), seen(instance=held), at(hours=25)), End)


# 4. Deadline.


@pytest.mark.parametrize(("seconds", "kind"), [(-1, Wait), (0, End)])
def test_the_deadline_counts_from_the_launch(seconds: int, kind: type[Decision]) -> None:
    assert isinstance(decide(settings(), seen(), at(hours=24, seconds=seconds)), kind)


def test_the_deadline_does_not_wait_for_s3_and_signals_the_training() -> None:
    decision = decide(settings(), Observation(instance(), S3_DOWN), at(hours=24))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.signal_first) == (Outcome.DEADLINE, True)


def test_the_deadline_comes_before_a_grace_period() -> None:
    late = stored("done", at(hours=23, minutes=58))
    assert _outcome(decide(settings(), seen(late), at(hours=24)))[0] == Outcome.DEADLINE


def test_without_a_deadline_a_run_is_never_too_long() -> None:
    assert isinstance(decide(settings(max_runtime_hours=0), seen(), at(days=30)), Wait)


# S3 unknown blocks the rest.


def test_s3_unknown_is_never_taken_for_nothing_there() -> None:
    idle = Idle("CPUUtilization", 5, 10)
    decision = decide(settings(idle=idle), Observation(instance(), S3_DOWN, metric_maxima=(0.0,) * 9), at(hours=3))
    assert isinstance(decision, Wait)


@pytest.mark.parametrize("source", ["marker_body", "uploads", "checkpoints"])
def test_a_source_that_fails_when_verifying_is_waited_for(source: str) -> None:
    decision = decide(settings(), seen(DONE, **{source: S3_DOWN}), at(hours=5))
    assert isinstance(decision, Wait)


@pytest.mark.parametrize("source", ["marker_body", "uploads", "checkpoints"])
def test_a_source_that_is_denied_makes_the_run_unverified_and_stopped(source: str) -> None:
    denied = Unknown("s3:GetObject: AccessDenied", permanent=True)
    decision = decide(settings(on_complete=Action.TERMINATE), seen(DONE, **{source: denied}), at(hours=5))
    assert _outcome(decision) == (Outcome.UNVERIFIED, Action.STOP)


# 5. Failure marker, 6. success marker.


@pytest.mark.parametrize("marker", [DONE, FAILED])
@pytest.mark.parametrize(("seconds", "kind"), [(-1, Wait), (0, End)])
def test_a_marker_ends_the_run_when_its_grace_is_over_and_not_before(
    marker: Any, seconds: int, kind: type[Decision]
) -> None:
    assert isinstance(decide(settings(), seen(marker), GRACE_OVER + timedelta(seconds=seconds)), kind)


def test_a_failure_marker_beside_a_success_marker_wins() -> None:
    early = stored("done", at(hours=1))
    decision = decide(settings(on_failure=Action.TERMINATE), seen(early, FAILED), GRACE_OVER)
    assert _outcome(decision) == (Outcome.FAILED, Action.TERMINATE)


def test_the_earliest_of_several_markers_starts_the_grace() -> None:
    decision = decide(settings(), seen(DONE, stored("COMPLETE", at(hours=1))), at(hours=1, minutes=5))
    assert isinstance(decision, End)


def test_the_body_of_a_marker_counts_more_than_its_name() -> None:
    decision = decide(settings(), seen(DONE, marker_body=MarkerBody(Outcome.FAILED, 3, "out of memory")), GRACE_OVER)
    assert isinstance(decision, End)
    assert decision.reason == "marker done (exit code 3, out of memory)"
    assert decision.outcome is Outcome.FAILED


@pytest.mark.parametrize("name", ["INCOMPLETE", "done.txt", "abandoned", "Done", "sub/done", "done/", "COMPLETED"])
def test_a_look_alike_of_a_marker_is_not_one(name: str) -> None:
    assert isinstance(decide(settings(), seen(stored(name, at(hours=2))), at(hours=5)), Wait)


def test_a_marker_of_an_earlier_launch_is_ignored() -> None:
    stale = stored("done", LAUNCH - timedelta(seconds=1))
    assert isinstance(decide(settings(), seen(stale), at(hours=5)), Wait)


def test_an_empty_marker_is_a_marker() -> None:
    assert isinstance(decide(settings(), seen(stored("done", at(hours=2), size=0)), GRACE_OVER), End)


# Verification.

MANIFEST = MarkerBody(manifest=(ManifestEntry("model.pt", 9),))


@pytest.mark.parametrize(
    "fields",
    [
        {"uploads": (Upload(f"{PREFIX}model.pt", at(hours=1)),)},
        {"marker_body": MANIFEST},
        {"marker_body": MANIFEST, "checkpoints": (stored("model.pt", at(hours=1), 8),)},
        {"marker_body": MANIFEST, "checkpoints": (stored("model.pt", LAUNCH - HOUR, 9),)},
    ],
    ids=["upload under way", "file missing", "wrong size", "file of an earlier launch"],
)
def test_what_cannot_be_relied_on_is_waited_for_then_unverified(fields: dict[str, Any]) -> None:
    run = settings(on_complete=Action.TERMINATE, verify_timeout_seconds=600)
    waiting = decide(run, seen(DONE, **fields), GRACE_OVER + timedelta(seconds=599))
    given_up = decide(run, seen(DONE, **fields), GRACE_OVER + timedelta(seconds=600))
    assert isinstance(waiting, Wait)
    assert _outcome(given_up) == (Outcome.UNVERIFIED, Action.STOP)


@pytest.mark.parametrize("key", ["model.pt", f"{PREFIX}model.pt", f"s3://outputs/{PREFIX}model.pt"])
def test_a_manifest_may_name_its_files_in_three_ways(key: str) -> None:
    body = MarkerBody(manifest=(ManifestEntry(key, 9),))
    decision = decide(
        settings(), seen(DONE, marker_body=body, checkpoints=(stored("model.pt", at(hours=1), 9),)), GRACE_OVER
    )
    assert isinstance(decision, End)


def test_a_checkpoint_pattern_needs_a_fresh_object_that_is_not_empty() -> None:
    run = settings(checkpoint_patterns=("checkpoints/*.pt",))
    empty = seen(DONE, checkpoints=(stored("checkpoints/1.pt", at(hours=1), 0),))
    full = seen(DONE, checkpoints=(stored("checkpoints/1.pt", at(hours=1)),))
    assert isinstance(decide(run, empty, GRACE_OVER), Wait)
    assert isinstance(decide(run, full, GRACE_OVER), End)


def test_an_upload_that_an_earlier_launch_abandoned_does_not_matter() -> None:
    abandoned = Upload(f"{PREFIX}model.pt", LAUNCH - HOUR)
    assert isinstance(decide(settings(), seen(DONE, uploads=(abandoned,)), GRACE_OVER), End)


# 7. Expected outputs.

OUTPUTS = settings(expected_outputs=("model/*.pt", "metrics.json"))


def test_all_expected_outputs_complete_a_run_from_the_newest_on() -> None:
    both = (stored("model/a.pt", at(hours=1)), stored("metrics.json", at(hours=2)))
    assert isinstance(decide(OUTPUTS, seen(*both), at(hours=1, minutes=30)), Wait)
    assert isinstance(decide(OUTPUTS, seen(*both), GRACE_OVER), End)


@pytest.mark.parametrize(
    "objects",
    [
        (stored("model/a.pt", at(hours=1)),),
        (stored("model/a.pt", at(hours=1)), stored("metrics.json", at(hours=1), 0)),
        (stored("model/a.pt", at(hours=1)), stored("metrics.json", LAUNCH - HOUR)),
        (stored("model/x/a.pt", at(hours=1)), stored("metrics.json", at(hours=1))),
    ],
    ids=["one missing", "one empty", "one of an earlier launch", "one in another folder"],
)
def test_a_run_whose_outputs_are_not_all_there_goes_on(objects: tuple[Any, ...]) -> None:
    assert isinstance(decide(OUTPUTS, seen(*objects), at(hours=5)), Wait)


# 8. Idle.

IDLE = settings(idle=Idle("CPUUtilization", 5.0, 30), on_failure=Action.TERMINATE)


def test_a_run_that_was_idle_for_the_whole_window_is_ended_like_a_failure() -> None:
    assert _outcome(decide(IDLE, seen(metric_maxima=(1.0,) * 6), at(hours=2))) == (Outcome.IDLE, Action.TERMINATE)


@pytest.mark.parametrize(
    "maxima",
    [(1.0,) * 5, (1.0,) * 5 + (5.0,), (), None, Unknown("cloudwatch:GetMetricData: Throttling")],
    ids=["a datapoint missing", "one at the threshold", "no data", "not asked", "unknown"],
)
def test_missing_data_is_activity(maxima: Any) -> None:
    assert isinstance(decide(IDLE, seen(metric_maxima=maxima), at(hours=2)), Wait)


# 9. Wait; and what holds for every ending.


def test_the_next_check_is_the_backoffs_while_it_grows_and_then_the_heartbeats() -> None:
    early = decide(settings(), seen(), at(seconds=45))
    late = decide(settings(max_runtime_hours=0), seen(), at(hours=1))
    assert isinstance(early, Wait)
    assert early.recheck_at
    assert timedelta(seconds=90) <= early.recheck_at - LAUNCH < timedelta(seconds=100)
    assert late == Wait("training", None)


def test_ec2_unknown_ends_nothing_and_looks_again_soon() -> None:
    decision = decide(settings(), Observation(Unknown("ec2:DescribeInstances: Unavailable")), at(hours=30))
    assert decision == Wait("EC2 unknown: ec2:DescribeInstances: Unavailable", at(hours=30, minutes=2))


def test_a_report_is_made_once_and_the_deadline_still_holds() -> None:
    run = settings(on_complete=Action.REPORT)
    told = instance(tags=_ended())
    assert _outcome(decide(run, seen(DONE), GRACE_OVER)) == (Outcome.SUCCEEDED, Action.REPORT)
    assert isinstance(decide(run, seen(DONE, instance=told), at(hours=5)), Wait)
    assert _outcome(decide(run, seen(DONE, instance=told), at(hours=24))) == (Outcome.DEADLINE, Action.STOP)


@pytest.mark.parametrize(("count", "kind"), [(2, End), (3, Refused)])
def test_an_ending_that_ec2_refuses_is_not_tried_for_ever(count: int, kind: type[Decision]) -> None:
    refused = instance(tags={names.TAG_REFUSED: f"{count} {format_time(at(hours=2))}"})
    assert isinstance(decide(settings(), seen(DONE, instance=refused), GRACE_OVER), kind)


def test_refusals_of_an_earlier_launch_do_not_count() -> None:
    refused = instance(tags={names.TAG_REFUSED: f"3 {format_time(LAUNCH - HOUR)}"})
    assert isinstance(decide(settings(), seen(DONE, instance=refused), GRACE_OVER), End)
