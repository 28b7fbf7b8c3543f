from __future__ import annotations

import pytest

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.bookkeeping import a_warning_reaches_the_training, an_interruption_is_recorded
from sandbox.simulation.judge.invariants import Invariant
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND

from .builders import checked, record

WARNED_AT = HOUR + 400


def _heard(after: int, launch: Launch) -> Truth:
    """A check that hears of the warning so long after it was given, and does nothing."""
    lifecycle = record(launch)
    lifecycle.interrupted_at = WARNED_AT
    started_at = WARNED_AT + after
    reply = {"decision": "wait"}
    check = checked(started_at, "spot-warning", ended_at=started_at + SECOND, looked_at=started_at, reply=reply)
    check.state_at_end = InstanceState.RUNNING
    lifecycle.checks.append(check)
    return Truth(lifecycle)


@pytest.mark.parametrize("invariant", [a_warning_reaches_the_training, an_interruption_is_recorded])
def test_a_warning_of_the_last_five_minutes_asks_for_something(invariant: Invariant) -> None:
    assert list(invariant(_heard(5 * MINUTE - SECOND, Launch(0, 0, 0))))


@pytest.mark.parametrize("invariant", [a_warning_reaches_the_training, an_interruption_is_recorded])
def test_a_warning_whose_interruption_is_over_asks_for_nothing(invariant: Invariant) -> None:
    assert not list(invariant(_heard(5 * MINUTE, Launch(0, 0, 0))))


@pytest.mark.parametrize("invariant", [a_warning_reaches_the_training, an_interruption_is_recorded])
def test_a_warning_asks_for_nothing_in_a_later_launch(invariant: Invariant) -> None:
    begun = WARNED_AT + MINUTE
    assert not list(invariant(_heard(2 * MINUTE, Launch(0, begun, begun))))
