"""What the oracle excuses of a deadline switch that came late, failed, or was lost."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.simulation.judge.deadlines import nothing_runs_past_its_deadline
from sandbox.simulation.judge.safety import the_switch_spares_what_may_run
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.record import Firing, Record
from sandbox.simulation.world.timeline import HOUR, MINUTE
from sandbox.simulation.world.weather import Weather

from .records import broken, checked, launched, record

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
