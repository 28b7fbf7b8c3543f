from __future__ import annotations

import pytest

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.invariants import Invariant
from sandbox.simulation.judge.removals import a_warning_reaches_the_training, an_interruption_is_recorded
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND

from .records import PREFIX, broken, checked, launched, record

WARNED_AT = HOUR + 400


INVARIANTS = pytest.mark.parametrize("invariant", [a_warning_reaches_the_training, an_interruption_is_recorded])


def _heard(after: int, launched_at: int = 0) -> Record:
    """A check that hears of the warning so long after it was given, and does nothing."""
    told = record({})
    told.interrupted_at = WARNED_AT
    check = checked(told, launched(told, launched_at), WARNED_AT + after, trigger="spot-warning")
    check.state_at_end = InstanceState.RUNNING
    return told


@INVARIANTS
def test_a_warning_of_the_last_five_minutes_asks_for_something(invariant: Invariant) -> None:
    assert broken(_heard(5 * MINUTE - SECOND), invariant)


@INVARIANTS
def test_a_warning_whose_interruption_is_over_asks_for_nothing(invariant: Invariant) -> None:
    assert not broken(_heard(5 * MINUTE), invariant)


@INVARIANTS
def test_a_warning_asks_for_nothing_in_a_later_launch(invariant: Invariant) -> None:
    assert not broken(_heard(2 * MINUTE, WARNED_AT + MINUTE), invariant)


@pytest.mark.parametrize(("left_after", "wrong"), [(-SECOND, False), (SECOND, True)])
def test_what_ec2_has_taken_before_the_check_sees_it_is_settled_by_a_later_one(left_after: int, *, wrong: bool) -> None:
    told = _heard(MINUTE)
    check = told.checks[-1]
    told.launches[0].left_running_at = check.started_at + left_after
    assert broken(told, an_interruption_is_recorded) is wrong


@pytest.mark.parametrize(
    ("completed_after", "deleted", "wrong"),
    [(SECOND, False, False), (3 * SECOND, False, True), (-SECOND, True, False), (SECOND, True, True)],
)
def test_a_training_that_is_complete_at_some_moment_at_which_the_check_looks_need_not_be_signalled(
    completed_after: int, *, deleted: bool, wrong: bool
) -> None:
    told = _heard(MINUTE)
    check = told.checks[-1]
    check.looked_until = check.started_at + 2 * SECOND
    told.bucket.timeline.now = check.started_at + completed_after
    told.bucket.put(f"{PREFIX}done", 0)
    if deleted:
        told.bucket.timeline.now = check.looked_until
        told.bucket.delete(f"{PREFIX}done")
    assert broken(told, a_warning_reaches_the_training) is wrong
