"""What the oracle asks of a monitor whose instance does not come to a stop."""

from __future__ import annotations

import pytest

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.liveness import MAX_REFUSALS, a_stuck_stop_is_forced
from sandbox.simulation.world.record import Refusal
from sandbox.simulation.world.timeline import HOUR, MINUTE

from .records import broken, checked, launched, record


@pytest.mark.parametrize(("refusals", "wrong"), [(MAX_REFUSALS - 1, True), (MAX_REFUSALS, False)])
def test_a_stop_is_forced_until_ec2_has_refused_that_three_times(refusals: int, *, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0, left_running_at=HOUR)
    told.refusals.extend(Refusal(launch.number, HOUR + (11 + count) * MINUTE) for count in range(refusals))
    checked(told, launch, HOUR + 30 * MINUTE, "refused").state_at_start = InstanceState.STOPPING
    assert broken(told, a_stuck_stop_is_forced) is wrong
