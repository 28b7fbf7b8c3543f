"""What the oracle excuses of a deadline switch that came late, failed, or was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Outcome
from sandbox.simulation.judge.deadlines import nothing_runs_past_its_deadline
from sandbox.simulation.judge.liveness import an_ended_run_is_settled_by_the_next_check, the_switch_is_armed
from sandbox.simulation.judge.safety import the_switch_spares_what_may_run
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.record import Firing, HoldTruth, Notification, Record, Tagging
from sandbox.simulation.world.scenario import ReplacementPlan
from sandbox.simulation.world.tampering import Right, Tampering, TamperingPlan
from sandbox.simulation.world.timeline import HOUR, MINUTE
from sandbox.simulation.world.weather import Weather

from .records import broken, checked, deny, ended, launched, record

DUE_AT = HOUR + 10 * MINUTE
LATE = DUE_AT + 10 * MINUTE
RELAUNCHED_AT = DUE_AT + 8 * MINUTE
FIRST, SECOND = "launch 0 runs past its deadline", "launch 1 runs past its deadline"
TROUBLES = [
    pytest.param({"at": LATE, "hit": True}, id="late"),
    pytest.param({"at": DUE_AT, "failed": True}, id="failed"),
    pytest.param({"at": DUE_AT, "delivered": False}, id="lost"),
]


def _told() -> Record:
    """The first launch outlives its deadline by 16 minutes; a second one begins soon after and outlives its own."""
    told = record({"max_runtime_hours": 1.0}, weather=Weather.OUTAGE)
    checked(told, launched(told, 0, HOUR + 16 * MINUTE), MINUTE)
    checked(told, launched(told, RELAUNCHED_AT), RELAUNCHED_AT + 5 * MINUTE)
    told.finished_at = 10 * HOUR
    return told


def _fired(told: Record, *, set_for: int, met: int, at: int, **how: Any) -> None:
    told.firings.append(Firing(DUE_AT, at, set_for, met, **{"delivered": True, "failed": False, "hit": False, **how}))


def _past_their_deadline(told: Record) -> list[str]:
    return [found.what for found in nothing_runs_past_its_deadline(Truth(told))]


def test_a_launch_that_no_switch_ends_at_its_deadline_is_found() -> None:
    assert _past_their_deadline(_told()) == [FIRST, SECOND]


@pytest.mark.parametrize("how", TROUBLES)
@pytest.mark.parametrize("met", [0, 1])
def test_trouble_with_a_switch_excuses_the_launch_that_it_was_set_for_whichever_it_met(
    how: dict[str, Any], met: int
) -> None:
    told = _told()
    _fired(told, set_for=0, met=met, **how)
    assert _past_their_deadline(told) == [SECOND]


@pytest.mark.parametrize(("destroyed_at", "late"), [(HOUR, []), (None, [FIRST])])
def test_what_cannot_be_deleted_when_its_stack_is_destroyed_is_not_watched_any_more(
    destroyed_at: int | None, late: list[str]
) -> None:
    told = _told()
    told.destroyed_at, told.finished_at = destroyed_at, 2 * HOUR
    assert _past_their_deadline(told) == late


@pytest.mark.parametrize(("abandons_old", "late"), [(True, []), (False, [FIRST])])
def test_of_two_instances_one_may_end_when_the_training_of_the_other_has_had_its_time(
    abandons_old: bool, late: list[str]
) -> None:
    told = _told()
    told.scenario = replace(told.scenario, replacement=ReplacementPlan(0, "i-2", 0, abandons_old))
    told.replaced_at, told.finished_at = 0, 2 * HOUR
    assert _past_their_deadline(told) == late


def test_a_switch_in_time_is_no_excuse() -> None:
    told = _told()
    _fired(told, set_for=0, met=0, at=DUE_AT)
    assert _past_their_deadline(told) == [FIRST, SECOND]


@pytest.mark.parametrize(("checked_at", "wrong"), [(DUE_AT - MINUTE, True), (DUE_AT + 9 * MINUTE, False)])
def test_a_switch_in_delivery_may_end_a_launch_that_no_check_could_protect(checked_at: int, *, wrong: bool) -> None:
    told = record({"max_runtime_hours": 1.0}, weather=Weather.OUTAGE)
    launched(told, 0, checked_at - 3 * MINUTE)
    checked(told, launched(told, checked_at - MINUTE, LATE), checked_at)
    _fired(told, set_for=0, met=1, at=LATE, hit=True)
    assert broken(told, the_switch_spares_what_may_run) is wrong


@pytest.mark.parametrize(
    ("right", "tried", "wrong"), [(Right.TAG, 0, False), (Right.TAG, 1, True), (Right.METRIC, 0, True)]
)
def test_a_switch_whose_move_no_tag_can_record_stays_until_a_check_tries(
    right: Right, tried: int, *, wrong: bool
) -> None:
    told = record({"max_runtime_hours": 1.0})
    deny(told, right)
    launch = launched(told, 0, DUE_AT)
    told.holds.append(HoldTruth(MINUTE, 3 * HOUR))
    checked(told, launch, 30 * MINUTE).kinds["put_deadline_switch"] = tried
    _fired(told, set_for=0, met=0, at=DUE_AT, hit=True)
    assert broken(told, the_switch_spares_what_may_run) is wrong


def _armed_while_it_was_ended(disarmed_after: int) -> Record:
    """A check that overlaps arms the switch; the one that ends the run says that it is removed, a while later."""
    told = record({"max_runtime_hours": 1.0})
    launch = launched(told, 0)
    overlapping = checked(told, launch, HOUR - MINUTE)
    overlapping.ended_at = HOUR + 2 * MINUTE
    overlapping.kinds["put_deadline_switch"] += 1
    armed = {"runctl:armed": "2030-01-01T01:10:00Z stop by project/stack/monitor"}
    told.taggings.append(Tagging(HOUR + MINUTE // 2, 0, armed, overlapping))
    ended(told, launch, HOUR)
    ending = told.checks[-1]
    recorded = {"runctl:outcome": "deadline", "runctl:armed": ""}
    told.taggings.append(Tagging(HOUR + disarmed_after, 0, recorded, ending))
    told.notifications.append(Notification(HOUR, launch.stamped, Outcome.DEADLINE, ending))
    settling = checked(told, launch, HOUR + 5 * MINUTE, "over")
    settling.state_at_start = settling.state_at_end = InstanceState.STOPPED
    settling.reply = {"instance": {"launched_at": launch.stamped, "state": "stopped"}}
    settling.switch_after = HOUR + 10 * MINUTE
    return told


@pytest.mark.parametrize(("disarmed_after", "wrong"), [(MINUTE, False), (0, True)])
def test_a_switch_is_left_behind_where_one_check_arms_it_and_the_ending_one_then_says_that_it_is_removed(
    disarmed_after: int, *, wrong: bool
) -> None:
    told = _armed_while_it_was_ended(disarmed_after)
    assert broken(told, an_ended_run_is_settled_by_the_next_check) is wrong


@pytest.mark.parametrize(("described", "wrong"), [(1, True), (0, False)])
def test_of_an_instance_that_ec2_has_forgotten_nothing_can_be_settled(described: int, *, wrong: bool) -> None:
    told = record({})
    launched(told, 0, HOUR)
    last = launched(told, MINUTE, HOUR)
    settling = checked(told, last, 2 * HOUR, "over")
    settling.state_at_start = settling.state_at_end = InstanceState.TERMINATED
    settling.reply = {"instance": {"launched_at": told.launches[described].stamped, "state": "terminated"}}
    assert broken(told, an_ended_run_is_settled_by_the_next_check) is wrong


@pytest.mark.parametrize(("looked_at", "recorded", "wrong"), [(20, False, False), (65, False, True), (20, True, True)])
def test_a_switch_that_was_moved_without_a_record_is_put_right_before_it_fires(
    looked_at: int, *, recorded: bool, wrong: bool
) -> None:
    told = record({"max_runtime_hours": 1.0, "max_interval_seconds": 120})
    launch = launched(told, 0)
    first, second = checked(told, launch, MINUTE), checked(told, launch, 2 * MINUTE)
    first.ended_at = second.ended_at = 4 * MINUTE
    second.kinds.update(["put_deadline_switch", "tag_instance"])
    second.disturbed = True
    if not recorded:
        second.failed.update(["tag_instance"])
    told.taggings.append(Tagging(3 * MINUTE, launch.number, {"runctl:armed": "2030-01-01T01:10:00Z"}, first))
    first.switch_after = DUE_AT
    checked(told, launch, looked_at * MINUTE).switch_after = 3 * HOUR
    assert broken(told, the_switch_is_armed) is wrong


@pytest.mark.parametrize(("tampered_at", "trigger", "wrong"), [(20, "", False), (40, "", True), (20, "audit", True)])
def test_a_hold_that_goes_on_over_a_new_start_has_a_deleted_switch_believed_until_an_audit_looks(
    tampered_at: int, trigger: str, *, wrong: bool
) -> None:
    told = record({"max_runtime_hours": 1.0})
    told.scenario = replace(told.scenario, tampering=TamperingPlan(Tampering.SWITCH_DELETED, 0, 0))
    told.tampered_at = tampered_at * MINUTE
    told.holds.append(HoldTruth(MINUTE, 10 * HOUR))
    launched(told, 0, 25 * MINUTE)
    launch = launched(told, 30 * MINUTE)
    if trigger:
        checked(told, launch, 32 * MINUTE, trigger=trigger)
    checked(told, launch, 35 * MINUTE)
    assert broken(told, the_switch_is_armed) is wrong
