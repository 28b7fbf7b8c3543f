from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor_runtime.cloud.interface import MetricWindow
from monitor_runtime.contract.settings import Idle
from monitor_runtime.decide.idle import idle_window, is_idle
from monitor_runtime.decide.observation import Unknown

from ..builders import LAUNCH, at

IDLE = Idle("CPUUtilization", 5.0, 30)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (at(hours=2), at(hours=1, minutes=55)),
        (at(hours=2, minutes=4, seconds=59), at(hours=1, minutes=55)),
        (at(hours=2, minutes=5), at(hours=2)),
    ],
)
def test_the_window_ends_a_whole_period_before_the_one_that_is_still_filling(now: datetime, end: datetime) -> None:
    window = MetricWindow("CPUUtilization", end - timedelta(minutes=30), end, 300)
    assert idle_window(IDLE, LAUNCH, now) == window


@pytest.mark.parametrize("minutes", [10, 15, 30, 1440])
def test_the_window_is_as_long_as_was_asked_for(minutes: int) -> None:
    window = idle_window(Idle("m", 1, minutes), LAUNCH, at(days=3))
    assert window
    assert window.end - window.start == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("launched_at", "now", "there"),
    [
        (LAUNCH, at(minutes=49, seconds=59), False),
        (LAUNCH, at(minutes=50), True),
        (at(seconds=1), at(minutes=50), False),
        (at(seconds=1), at(minutes=55), True),
        (at(hours=10), at(hours=10, minutes=1), False),
        (at(hours=1), LAUNCH, False),
    ],
)
def test_the_warm_up_after_a_launch_is_never_part_of_a_window(
    launched_at: datetime, now: datetime, there: bool
) -> None:
    assert (idle_window(IDLE, launched_at, now) is not None) is there


@pytest.mark.parametrize(
    ("maxima", "idle"),
    [
        ((4.9,) * 6, True),
        ((0.0,) * 6, True),
        ((4.9,) * 7, True),
        ((4.9,) * 5, False),
        ((4.9,) * 5 + (5.0,), False),
        ((4.9,) * 7 + (90.0,), False),
        ((4.9,) * 5 + (float("nan"),), False),
        ((), False),
        (None, False),
        (Unknown("cloudwatch:GetMetricData: Throttling"), False),
        (Unknown("cloudwatch:GetMetricData: AccessDenied", permanent=True), False),
    ],
)
def test_only_a_whole_window_under_the_threshold_is_idle(
    maxima: tuple[float, ...] | Unknown | None, idle: bool
) -> None:
    assert is_idle(IDLE, maxima) is idle


def test_nothing_is_under_a_threshold_of_zero() -> None:
    assert not is_idle(Idle("m", 0.0, 10), (0.0,) * 2)
