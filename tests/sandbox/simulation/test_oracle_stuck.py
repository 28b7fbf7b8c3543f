"""What the oracle asks of a monitor whose instance does not come to a stop."""

from __future__ import annotations

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from sandbox.simulation.judge.bookkeeping import a_refusal_is_asked_for_again, a_refusal_is_not_asked_for_ever
from sandbox.simulation.judge.liveness import MAX_REFUSALS, a_stuck_stop_is_forced
from sandbox.simulation.judge.safety import a_stopped_instance_is_kept
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.record import Pardon, Refusal, Tagging
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import HOUR, MINUTE, to_datetime

from .records import broken, checked, deny, launched, record


@pytest.mark.parametrize(("refusals", "wrong"), [(MAX_REFUSALS - 1, True), (MAX_REFUSALS, False)])
def test_a_stop_is_forced_until_ec2_has_refused_that_three_times(refusals: int, *, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0, left_running_at=HOUR)
    told.refusals.extend(Refusal(launch.number, HOUR + (11 + count) * MINUTE) for count in range(refusals))
    checked(told, launch, HOUR + 30 * MINUTE, "refused").state_at_start = InstanceState.STOPPING
    assert broken(told, a_stuck_stop_is_forced) is wrong


@pytest.mark.parametrize(
    ("left_by", "seen_at", "noted_at", "wrong"),
    [
        ("people", None, None, True),
        ("box", None, None, False),
        ("box", 15, None, False),
        ("box", 5, None, True),
        ("box", None, 15, False),
        ("box", None, 5, True),
    ],
)
def test_a_stop_from_inside_is_stuck_from_when_a_check_saw_or_noted_it(
    left_by: str, seen_at: int | None, noted_at: int | None, *, wrong: bool
) -> None:
    told = record({})
    launch = launched(told, 0, left_running_at=MINUTE)
    launch.left_by = left_by
    if seen_at is not None:
        checked(told, launch, seen_at * MINUTE, "over").state_at_start = InstanceState.STOPPING
    if noted_at is not None:
        at = noted_at * MINUTE
        noticed = {"runctl:noticed": f"{format_time(to_datetime(at))} stop"}
        told.taggings.append(Tagging(at, launch.number, noticed, checked(told, launch, at)))
    checked(told, launch, 2 * MINUTE, "over", "audit").state_at_start = InstanceState.STOPPING
    checked(told, launch, 20 * MINUTE).state_at_start = InstanceState.STOPPING
    assert broken(told, a_stuck_stop_is_forced) is wrong


PARDONS = [
    (Right.TAG, Pardon(HOUR, 2 * MINUTE), MAX_REFUSALS),
    (Right.METRIC, Pardon(HOUR, 2 * MINUTE), 0),
    (Right.METRIC, Pardon(HOUR, MINUTE), MAX_REFUSALS),
    (Right.METRIC, None, MAX_REFUSALS),
]


@pytest.mark.parametrize(("right", "pardon", "counted"), PARDONS)
def test_a_person_forgives_what_the_tag_tells_by_removing_it_and_cannot_where_there_is_none(
    right: Right, pardon: Pardon | None, counted: int
) -> None:
    told = record({})
    deny(told, right)
    launch = launched(told, 0)
    told.refusals.extend(Refusal(launch.number, count * MINUTE) for count in range(MAX_REFUSALS))
    told.pardon = pardon
    assert Truth(told).refusals(launch, 2 * HOUR) == counted


@pytest.mark.parametrize(("before", "wrong"), [("succeeded", True), ("unverified", False)])
def test_a_refusal_is_counted_by_its_outcome_and_anew_where_another_came_in_between(
    before: str, *, wrong: bool
) -> None:
    told = record({})
    launch = launched(told, 0)
    for minute, (count, outcome) in enumerate([(1, before), (MAX_REFUSALS, "succeeded")]):
        at = HOUR + minute * MINUTE
        refused = f"{count} {format_time(to_datetime(at))} {outcome}"
        told.taggings.append(Tagging(at, launch.number, {"runctl:ending-refused": refused}, checked(told, launch, at)))
    asking = checked(told, launch, HOUR + 10 * MINUTE, "end")
    asking.kinds["stop_instance"] += 1
    assert broken(told, a_refusal_is_not_asked_for_ever) is wrong


@pytest.mark.parametrize(("refused_again", "wrong"), [(True, False), (False, True)])
def test_a_refusal_that_could_not_be_tagged_is_as_young_as_any(*, refused_again: bool, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0)
    first = checked(told, launch, HOUR, "end")
    told.taggings.append(Tagging(HOUR, launch.number, {"runctl:ending-refused": "1"}, first))
    if refused_again:
        told.refusals.append(Refusal(launch.number, 2 * HOUR))
    checked(told, launch, 2 * HOUR + MINUTE, "refused")
    assert broken(told, a_refusal_is_asked_for_again) is wrong


@pytest.mark.parametrize(("outcome", "wrong"), [(Outcome.IDLE, False), (Outcome.DEADLINE, True)])
def test_what_ec2_refused_to_terminate_as_hung_is_terminated_once_it_has_stopped(
    outcome: Outcome, *, wrong: bool
) -> None:
    told = record({"on_failure": Action.TERMINATE})
    launch = launched(told, 0, left_running_at=HOUR)
    check = checked(told, launch, 50 * MINUTE, "end")
    refused = f"1 {format_time(to_datetime(50 * MINUTE))} {outcome}"
    told.taggings.append(
        Tagging(50 * MINUTE, launch.number, {"runctl:outcome": outcome, "runctl:ending-refused": refused}, check)
    )
    ending = checked(told, launch, 2 * HOUR, "end")
    ending.state_at_start = InstanceState.STOPPED
    told.terminated_stopped.append((2 * HOUR, launch, ending))
    assert broken(told, a_stopped_instance_is_kept) is wrong
