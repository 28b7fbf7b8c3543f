"""Invocations of the simulated function, beside whatever else happens."""

from __future__ import annotations

import pytest

from sandbox.simulation.world.process import MOST_WAITS, Process, RunawayError, TimedOutError
from sandbox.simulation.world.timeline import HOUR, MINUTE, Timeline


def test_what_happens_while_an_invocation_waits_happens_before_it_goes_on() -> None:
    timeline, done = Timeline(traced=False), list[str]()
    process = Process(timeline, HOUR)

    def work() -> None:
        process.spend(2 * MINUTE)
        done.append("gone on")

    timeline.at(MINUTE, lambda: done.append("meanwhile"))
    process.run(work)
    assert done == []
    timeline.run(HOUR, lambda: False)
    assert (done, process.moment) == (["meanwhile", "gone on"], 2 * MINUTE)


def test_an_invocation_that_waits_beyond_its_limit_is_killed_there() -> None:
    process = Process(Timeline(traced=False), MINUTE)
    with pytest.raises(TimedOutError):
        process.spend(2 * MINUTE)
    assert process.moment == MINUTE


def test_an_invocation_that_goes_round_in_a_circle_is_broken_off() -> None:
    process = Process(Timeline(traced=False), HOUR)
    for _ in range(MOST_WAITS):
        process.spend(0)
    with pytest.raises(RunawayError):
        process.spend(0)
