"""What the oracle makes of markers that are overwritten, or gone for a while."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.liveness import a_finished_run_is_ended_in_time, a_noticed_completion_is_ended_at_once
from sandbox.simulation.judge.removals import a_marker_that_is_gone_is_told
from sandbox.simulation.judge.safety import a_stopped_instance_is_kept, endings_are_as_declared
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import SpotKind
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import DAY, HOUR, MINUTE, SECOND

from .records import PREFIX, broken, checked, deny, ended, launched, record, tagged, wrote

KEY = f"{PREFIX}done"


def _wrote(told: Record, *moments: int) -> None:
    for at in moments:
        told.bucket.timeline.now = at
        told.bucket.put(KEY, 0)


def _deleted(told: Record, at: int, key: str = KEY) -> None:
    told.bucket.timeline.now = at
    told.bucket.delete(key)


@pytest.mark.parametrize(
    ("seen", "denied", "outcomes"),
    [
        (True, Right.METRIC, set[Outcome]()),
        (True, Right.TAG, {Outcome.DEADLINE}),
        (False, Right.METRIC, {Outcome.DEADLINE}),
    ],
)
def test_a_marker_that_was_overwritten_after_the_deadline_came_before_it_if_a_check_could_keep_that_in_mind(
    denied: Right, outcomes: set[Outcome], *, seen: bool
) -> None:
    told = record({"max_runtime_hours": 1.0, "grace_seconds": 300})
    deny(told, denied)
    launch = launched(told, 0)
    _wrote(told, HOUR - 2 * MINUTE, HOUR + MINUTE)
    checked(told, launch, HOUR - (1 if seen else 3) * MINUTE)
    found = Truth(told).dues(launch, HOUR + 2 * MINUTE, HOUR + 2 * MINUTE)
    assert {due.outcome for due in found} == outcomes


def _came_back() -> Record:
    """A marker was deleted, and written again ten minutes later."""
    told = record({})
    launched(told, 0)
    _wrote(told, 10 * MINUTE)
    _deleted(told, 20 * MINUTE)
    _wrote(told, 30 * MINUTE)
    return told


@pytest.mark.parametrize(("seen", "since"), [(True, 30 * MINUTE), (False, 10 * MINUTE)])
def test_a_marker_that_came_back_counts_from_then_if_a_check_saw_that_it_was_gone(since: int, *, seen: bool) -> None:
    told = _came_back()
    launch = told.launches[0]
    checked(told, launch, (25 if seen else 15) * MINUTE)
    finish = Truth(told).finish(launch, 31 * MINUTE)
    assert finish is not None
    assert (finish.since, finish.uncertain) == (since, not seen)


@pytest.mark.parametrize(("overlaps", "since"), [(True, 10 * MINUTE), (False, 30 * MINUTE)])
def test_what_overlaps_may_remember_a_marker_that_another_check_saw_gone(since: int, *, overlaps: bool) -> None:
    told = _came_back()
    launch = told.launches[0]
    checked(told, launch, 25 * MINUTE)
    if overlaps:
        checked(told, launch, 19 * MINUTE, trigger="s3-event").ended_at = 26 * MINUTE
    finish = Truth(told).finish(launch, 31 * MINUTE)
    assert finish is not None
    assert finish.since == since


@pytest.mark.parametrize(
    ("second", "outcome"),
    [(b"", Outcome.SUCCEEDED), (b'{"exit_code": 1}', Outcome.FAILED), (b"{", Outcome.UNVERIFIED)],
)
def test_any_of_several_markers_may_tell_of_a_failure(second: bytes, outcome: Outcome) -> None:
    told = record({})
    launch = launched(told, 0)
    _wrote(told, 10 * MINUTE)
    told.bucket.put(f"{PREFIX}COMPLETE", len(second), second)
    assert outcome in {due.outcome for due in Truth(told).dues(launch, HOUR, HOUR)}


def test_a_marker_that_is_gone_completes_nothing() -> None:
    told = record({})
    launch = launched(told, 0)
    _wrote(told, 10 * MINUTE)
    _deleted(told, 20 * MINUTE)
    assert Truth(told).finish(launch, 21 * MINUTE) is None


@pytest.mark.parametrize(
    ("seen_at", "said", "wrong"),
    [(11, "", True), (9, "", False), (11, "marker succeeded is gone again: the run goes on", False)],
)
def test_that_a_marker_is_gone_is_told_by_the_check_after_the_one_that_saw_it(
    seen_at: int, said: str, *, wrong: bool
) -> None:
    told = record({})
    launch = launched(told, 0)
    _wrote(told, 10 * MINUTE)
    checked(told, launch, seen_at * MINUTE)
    _deleted(told, 12 * MINUTE)
    after = checked(told, launch, 13 * MINUTE)
    after.reply = {**(after.reply or {}), "problems": [said]}
    assert broken(told, a_marker_that_is_gone_is_told) is wrong


@pytest.mark.parametrize("recorded", [True, False])
def test_what_was_recorded_counts_though_its_marker_is_taken_away_while_the_instance_is_on_hold(
    *, recorded: bool
) -> None:
    told = record({"on_failure": Action.TERMINATE})
    launch = launched(told, 0, left_running_at=10 * MINUTE)
    told.bucket.timeline.now = 9 * MINUTE
    told.bucket.put(KEY, 20, b'{"exit_code":3}')
    settling = checked(told, launch, 11 * MINUTE, "settle")
    if recorded:
        tagged(told, settling, 11 * MINUTE, Outcome.FAILED)
    _deleted(told, 30 * MINUTE)
    ending = checked(told, launch, HOUR, "over")
    ending.state_at_start, ending.looked_at = InstanceState.STOPPED, None
    told.terminated_stopped.append((HOUR, launch, ending))
    assert broken(told, a_stopped_instance_is_kept) is not recorded


@pytest.mark.parametrize(("recorded", "outcome"), [(True, Outcome.FAILED), (False, Outcome.SUCCEEDED)])
def test_a_failure_that_was_recorded_stays_one_though_its_marker_cannot_be_read_any_more(
    outcome: Outcome, *, recorded: bool
) -> None:
    told = record({})
    launch = launched(told, 0)
    told.bucket.timeline.now = MINUTE
    told.bucket.put(KEY, 20, b'{"exit_code":3}')
    if recorded:
        tagged(told, checked(told, launch, 2 * MINUTE, "end"), 2 * MINUTE, Outcome.FAILED)
    deny(told, Right.GET_OBJECT)
    finish = Truth(told).finish(launch, HOUR)
    assert finish is not None
    assert finish.outcome is outcome


@pytest.mark.parametrize(("kept_for", "wrong"), [(DAY - MINUTE, True), (DAY, False)])
def test_how_long_a_stopped_instance_was_kept_counts_from_its_own_launch(kept_for: int, *, wrong: bool) -> None:
    told = record({"terminate_after_days": 1})
    first = launched(told, 0, left_running_at=HOUR)
    check = checked(told, launched(told, 2 * HOUR, 3 * HOUR), HOUR + kept_for, "over")
    told.terminated_stopped.append((HOUR + kept_for, first, check))
    check.state_at_start = InstanceState.STOPPED
    assert broken(told, a_stopped_instance_is_kept) is wrong


@pytest.mark.parametrize(
    ("there", "after", "wrong"),
    [
        ("still", 4 * MINUTE, True),
        ("still", 5 * MINUTE, False),
        ("again", 4 * MINUTE, False),
        ("gone", -MINUTE, True),
        ("gone", MINUTE, False),
    ],
)
def test_unverified_work_is_terminated_from_the_deadline_on_and_after_the_last_look_if_its_marker_is_still_there(
    after: int, there: str, *, wrong: bool
) -> None:
    told = record({"max_runtime_hours": 1.0, "on_deadline": Action.TERMINATE})
    launch = launched(told, 0)
    _wrote(told, 10 * MINUTE)
    if there != "still":
        _deleted(told, 20 * MINUTE)
    if there == "again":
        _wrote(told, HOUR + MINUTE)
    ended(told, launch, HOUR + after)
    told.endings[0] = replace(told.endings[0], action=Action.TERMINATE)
    told.scenario = replace(told.scenario, machine=replace(told.scenario.machine, spot=SpotKind.ONE_TIME))
    (told.checks[-1].reply or {})["outcome"] = "unverified"
    assert broken(told, endings_are_as_declared) is wrong


@pytest.mark.parametrize(("failed_at", "wrong"), [(50 * MINUTE, False), (11 * MINUTE, True)])
def test_a_success_marker_that_is_overwritten_with_a_failure_tells_of_it_from_then_on(
    failed_at: int, *, wrong: bool
) -> None:
    told = record({"grace_seconds": 1, "max_interval_seconds": 300})
    launch = launched(told, 0, left_running_at=56 * MINUTE)
    told.finished_at = HOUR
    _wrote(told, 10 * MINUTE)
    checked(told, launch, 10 * MINUTE + SECOND)
    told.bucket.timeline.now = failed_at
    told.bucket.put(KEY, 15, b'{"exit_code":3}')
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("failed_at", "wrong"), [(50 * MINUTE, False), (11 * MINUTE, True)])
def test_a_second_marker_tells_of_a_failure_from_when_it_was_written(failed_at: int, *, wrong: bool) -> None:
    told = record({"grace_seconds": 1, "max_interval_seconds": 300, "verify_timeout_seconds": 0})
    launched(told, 0, left_running_at=56 * MINUTE)
    told.finished_at = HOUR
    _wrote(told, 10 * MINUTE)
    told.bucket.timeline.now = failed_at
    told.bucket.put(f"{PREFIX}COMPLETE", 15, b'{"exit_code":3}')
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("deleted", "wrong"), [(False, True), (True, False)])
def test_a_marker_that_goes_before_the_call_excuses_a_late_end_of_its_grace(*, deleted: bool, wrong: bool) -> None:
    told = record({"grace_seconds": 60})
    launch = launched(told, 0)
    checked(told, launch, 9 * MINUTE)
    wrote(told, 10 * MINUTE, "done")
    checked(told, launch, 10 * MINUTE + SECOND)
    ended(told, launch, 11 * MINUTE + 7 * SECOND)
    told.endings[-1] = replace(told.endings[-1], sent_at=11 * MINUTE + 8 * SECOND)
    if deleted:
        _deleted(told, 11 * MINUTE + 7 * SECOND + 1, f"{PREFIX}done")
    assert broken(told, a_noticed_completion_is_ended_at_once) is wrong
