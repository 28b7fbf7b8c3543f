from __future__ import annotations

import pytest

from monitor_runtime.act.signalling import signal_training
from monitor_runtime.cloud.interface import CommandState, ErrorKind

from ..builders import INSTANCE_ID
from ..fakes import FakeClock, ScriptedCloud, failure

RUNNING, SUCCEEDED, FAILED = CommandState.RUNNING, CommandState.SUCCEEDED, CommandState.FAILED


def _signal(states: list[object], seconds: float = 120) -> tuple[str, ScriptedCloud, FakeClock]:
    cloud, clock = ScriptedCloud({"stop_unit": ["c-1"], "command_state": states}), FakeClock()
    return signal_training(cloud.cloud, clock, INSTANCE_ID, seconds), cloud, clock


@pytest.mark.parametrize(
    ("states", "sentence", "slept"),
    [
        ([SUCCEEDED], "training signalled: succeeded", []),
        ([FAILED], "training signalled: failed", []),
        ([RUNNING, RUNNING, SUCCEEDED], "training signalled: succeeded", [1, 2]),
        ([RUNNING] * 6 + [SUCCEEDED], "training signalled: succeeded", [1, 2, 4, 8, 10, 10]),
    ],
)
def test_the_training_is_waited_for_until_it_has_finished(
    states: list[object], sentence: str, slept: list[float]
) -> None:
    told, _, clock = _signal(states)
    assert (told, clock.slept) == (sentence, slept)


def test_the_signal_goes_to_the_units_of_this_instance() -> None:
    _, cloud, _ = _signal([SUCCEEDED])
    assert cloud.made == [("stop_unit", INSTANCE_ID, 120), ("command_state", "c-1", INSTANCE_ID)]


@pytest.mark.parametrize("seconds", [1, 5, 30, 90, 119.5, 120, 600])
def test_a_training_that_does_not_finish_is_given_up_when_the_time_is_over(seconds: float) -> None:
    told, _, clock = _signal([RUNNING], seconds)
    assert told == f"training signalled, no answer within {seconds:.0f} s"
    assert sum(clock.slept) == seconds


@pytest.mark.parametrize(("seconds", "bound"), [(0.5, 30), (29, 30), (31, 31), (45.9, 45), (600, 600)])
def test_the_box_gets_a_bound_that_ssm_accepts(seconds: float, bound: int) -> None:
    _, cloud, _ = _signal([SUCCEEDED], seconds)
    assert cloud.made[0] == ("stop_unit", INSTANCE_ID, bound)


@pytest.mark.parametrize("seconds", [0, -0.1, -60])
def test_without_time_nothing_is_sent(seconds: float) -> None:
    told, cloud, clock = _signal([SUCCEEDED], seconds)
    assert (told, cloud.made, clock.slept) == ("training not signalled: no time left", [], [])


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_signal_that_cannot_be_sent_is_told_and_not_tried_again(kind: ErrorKind) -> None:
    cloud, clock = ScriptedCloud({"stop_unit": [failure(kind, "InvalidInstanceId")]}), FakeClock()
    told = signal_training(cloud.cloud, clock, INSTANCE_ID, 120)
    assert told == "training not signalled: ec2:Operation: InvalidInstanceId: message"
    assert (len(cloud.made), clock.slept) == (1, [])


@pytest.mark.parametrize("kind", ErrorKind)
def test_an_answer_that_cannot_be_read_does_not_hold_up_the_ending(kind: ErrorKind) -> None:
    told, _, clock = _signal([RUNNING, failure(kind)])
    assert told.startswith("training signalled, result unknown: ec2:Operation: Code")
    assert clock.slept == [1]
