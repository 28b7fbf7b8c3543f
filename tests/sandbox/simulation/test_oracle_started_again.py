"""What the oracle makes of an instance whose training had finished in an earlier launch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.contract.names import STARTED
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.invariants import Invariant
from sandbox.simulation.judge.safety import endings_are_as_declared, every_ending_has_a_cause
from sandbox.simulation.world.timeline import HOUR, MINUTE

from .records import broken, checked, ended, launched, record, tagged, wrote


@pytest.mark.parametrize(("reported_at", "wrong"), [(190, False), (170, True)])
@pytest.mark.parametrize("invariant", [every_ending_has_a_cause, endings_are_as_declared])
def test_what_another_instance_reports_after_the_look_could_not_keep_this_one_from_its_end(
    invariant: Invariant, reported_at: int, *, wrong: bool
) -> None:
    told = record({"box_reports": True, "on_complete": Action.TERMINATE})
    first = launched(told, 0, left_running_at=HOUR)
    tagged(told, checked(told, first, HOUR, "settle"), HOUR, Outcome.SUCCEEDED)
    again = launched(told, 2 * HOUR)
    again.previous = first
    wrote(told, reported_at * MINUTE, STARTED)
    ended(told, again, 200 * MINUTE)
    told.endings[0] = replace(told.endings[0], looks=(181 * MINUTE,), sent_at=200 * MINUTE)
    assert broken(told, invariant) is wrong
