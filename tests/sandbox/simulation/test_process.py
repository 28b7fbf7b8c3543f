"""An invocation of the simulated function that never comes to an end."""

from __future__ import annotations

import pytest

from sandbox.simulation.world.process import MOST_STEPS, Process, RunawayError
from sandbox.simulation.world.timeline import HOUR, Timeline


def test_an_invocation_that_goes_round_in_a_circle_is_broken_off() -> None:
    process = Process(Timeline(traced=False), HOUR)
    for _ in range(MOST_STEPS):
        process.do(lambda: None)
    with pytest.raises(RunawayError):
        process.do(lambda: None)
