"""Of what the oracle knows that it could not be told, not be done in time, or not be remembered as told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.bookkeeping import a_first_check_tries_what_ends_the_run, an_ending_is_told_once
from sandbox.simulation.judge.deadlines import nothing_runs_past_its_deadline, the_monitor_is_there_at_the_deadline
from sandbox.simulation.judge.hanging import a_silent_box_is_told
from sandbox.simulation.judge.liveness import the_switch_is_armed
from sandbox.simulation.judge.safety import endings_are_as_declared
from sandbox.simulation.world.machine import SpotKind
from sandbox.simulation.world.record import Notification, Record, Refusal
from sandbox.simulation.world.tampering import Right, Tampering, TamperingPlan
from sandbox.simulation.world.timeline import HOUR, MINUTE
from sandbox.simulation.world.weather import Weather

from .records import PREFIX, broken, checked, deny, ended, launched, record


@pytest.mark.parametrize(("at_end", "wrong"), [(InstanceState.RUNNING, True), (InstanceState.STOPPING, False)])
def test_an_instance_that_is_ended_during_its_first_check_need_not_be_told_as_watched(
    at_end: InstanceState, *, wrong: bool
) -> None:
    told = record({})
    check = checked(told, launched(told, 0), 1, trigger="first-check")
    check.state_at_end = at_end
    check.kinds["try_out"] = 3
    assert broken(told, a_first_check_tries_what_ends_the_run) is wrong


@pytest.mark.parametrize(
    ("kind", "stripped_at", "wrong"),
    [
        (Tampering.TAGS_STRIPPED, 15, False),
        (Tampering.TAGS_STRIPPED, 10, False),
        (Tampering.TAGS_STRIPPED, 5, True),
        (Tampering.TAGS_STRIPPED, 25, True),
        (Tampering.MONITOR_STRIPPED, 5, False),
        (Tampering.MONITOR_STRIPPED, 25, True),
    ],
)
def test_what_was_told_is_forgotten_with_the_tags_that_somebody_strips(
    kind: Tampering, stripped_at: int, *, wrong: bool
) -> None:
    told = record({})
    told.scenario = replace(told.scenario, tampering=TamperingPlan(kind, 0, 0))
    told.tampered_at = stripped_at * MINUTE
    launch = launched(told, 0)
    for minute in (10, 20):
        check = checked(told, launch, minute * MINUTE, "end")
        told.notifications.append(Notification(check.started_at + MINUTE, launch.stamped, Outcome.STALLED, check))
    assert broken(told, an_ending_is_told_once) is wrong


@pytest.mark.parametrize(("then", "wrong"), [(Outcome.SUCCEEDED, False), (Outcome.UNVERIFIED, True)])
def test_work_that_arrives_while_ec2_takes_the_instance_back_is_told_as_another_outcome(
    then: Outcome, *, wrong: bool
) -> None:
    told = record({})
    told.interrupted_at = 10 * MINUTE
    launch = launched(told, 0)
    for minute, outcome in ((10, Outcome.UNVERIFIED), (20, then)):
        check = checked(told, launch, minute * MINUTE, "interrupt")
        told.notifications.append(Notification(check.started_at + MINUTE, launch.stamped, outcome, check))
    assert broken(told, an_ending_is_told_once) is wrong


@pytest.mark.parametrize(("early", "wrong"), [(0, True), (1, False)])
def test_a_box_is_silent_for_a_check_that_begins_twenty_minutes_after_its_launch(early: int, *, wrong: bool) -> None:
    told = record({"box_reports": True})
    check = checked(told, launched(told, 0), 20 * MINUTE)
    check.started_at -= early
    assert broken(told, a_silent_box_is_told) is wrong


def _past_its_deadline(right: Right, settings: Mapping[str, object], *, left_running_at: int) -> Record:
    told = record({"max_runtime_hours": 1.0, **settings})
    deny(told, right)
    checked(told, launched(told, 0, left_running_at), MINUTE)
    told.finished_at = 3 * HOUR
    told.launches[0].left_by = "switch"
    return told


@pytest.mark.parametrize(("left_at", "wrong"), [(HOUR + 10 * MINUTE, False), (HOUR + 9 * MINUTE, True)])
def test_a_training_that_takes_ten_minutes_to_react_may_be_stopped_by_the_switch_where_s3_was_waited_for(
    left_at: int, *, wrong: bool
) -> None:
    told = _past_its_deadline(Right.LIST_BUCKET, {"shutdown_timeout_seconds": 600}, left_running_at=left_at)
    assert broken(told, the_monitor_is_there_at_the_deadline) is wrong


@pytest.mark.parametrize(("refused", "wrong"), [(True, False), (False, True)])
def test_what_was_refused_after_the_deadline_is_left_to_the_switch(*, refused: bool, wrong: bool) -> None:
    settings = {"on_failure": Action.TERMINATE, "shutdown_timeout_seconds": 30}
    told = _past_its_deadline(Right.TERMINATE, settings, left_running_at=HOUR + 10 * MINUTE)
    if refused:
        told.refusals.append(Refusal(0, HOUR + 2 * MINUTE, by_denial=True))
    assert broken(told, the_monitor_is_there_at_the_deadline) is wrong


@pytest.mark.parametrize(("right", "wrong"), [(Right.CREATE_SCHEDULE, False), (Right.METRIC, True)])
def test_what_ec2_cannot_stop_is_ended_late_where_no_check_can_be_planned(right: Right, *, wrong: bool) -> None:
    told = _past_its_deadline(right, {}, left_running_at=2 * HOUR)
    told.scenario = replace(told.scenario, machine=replace(told.scenario.machine, spot=SpotKind.ONE_TIME))
    assert broken(told, nothing_runs_past_its_deadline) is wrong


@pytest.mark.parametrize(("arrives_at", "wrong"), [(4 * HOUR, False), (2 * HOUR, True)])
def test_a_switch_that_is_still_on_its_way_at_the_end_may_be_late(arrives_at: int, *, wrong: bool) -> None:
    told = _past_its_deadline(Right.STOP, {}, left_running_at=3 * HOUR)
    told.switch_arrives_at = arrives_at
    assert broken(told, nothing_runs_past_its_deadline) is wrong


@pytest.mark.parametrize("disturbed", [True, False])
def test_a_release_that_could_not_be_written_down_has_taken_the_switch_away(*, disturbed: bool) -> None:
    told = _past_its_deadline(Right.METRIC, {}, left_running_at=2 * HOUR)
    checked(told, told.launches[0], 2 * MINUTE, "released", "forget").disturbed = disturbed
    for check in told.checks:
        check.switch_after = HOUR + 10 * MINUTE
    checked(told, told.launches[0], 3 * MINUTE)
    assert broken(told, the_switch_is_armed) is not disturbed


@pytest.mark.parametrize(
    ("on_failure", "marker", "wrong"),
    [
        (Action.STOP, "done", True),
        (Action.REPORT, "training_failed.txt", False),
        (Action.STOP, "training_failed.txt", True),
    ],
)
def test_only_what_ends_by_its_own_rule_has_the_last_look(on_failure: Action, marker: str, *, wrong: bool) -> None:
    told = record({"max_runtime_hours": 1.0, "on_failure": on_failure}, weather=Weather.NOISY)
    launch = launched(told, 0)
    told.bucket.timeline.now = 10 * MINUTE
    told.bucket.put(f"{PREFIX}{marker}", 0)
    ended(told, launch, HOUR + MINUTE)
    told.endings[0] = replace(told.endings[0], action=Action.TERMINATE)
    told.scenario = replace(told.scenario, machine=replace(told.scenario.machine, spot=SpotKind.ONE_TIME))
    (told.checks[-1].reply or {})["outcome"] = "unverified"
    assert broken(told, endings_are_as_declared) is wrong
