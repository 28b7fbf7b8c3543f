from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor_runtime.cloud.interface import MetricWindow
from monitor_runtime.contract.settings import Idle
from monitor_runtime.decide.idle import is_idle, metric_problem, metric_window
from monitor_runtime.decide.observation import MetricMaxima, Unknown

from ..builders import LAUNCH, at, metric_maxima

IDLE = Idle("CPUUtilization", 5.0, 30)
"""Warm after two hours."""
REST, WORK = 1.0, 90.0
EARLY, LATE = at(minutes=45), at(hours=3)


def _idle(*maxima: float | None, idle: Idle = IDLE, until: datetime = LATE) -> bool:
    """Whether these periods, the last of them ending then, are idle."""
    return is_idle(idle, LAUNCH, metric_maxima(*maxima, until=until))


# What is asked for.


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (at(hours=4), at(hours=3, minutes=55)),
        (at(hours=4, minutes=4, seconds=59), at(hours=3, minutes=55)),
        (at(hours=4, minutes=5), at(hours=4)),
    ],
)
def test_the_window_ends_a_whole_period_before_the_one_that_is_still_filling(now: datetime, end: datetime) -> None:
    window = MetricWindow("CPUUtilization", end - timedelta(minutes=30), end, 300)
    assert metric_window(IDLE, LAUNCH, now) == window


@pytest.mark.parametrize("minutes", [10, 15, 30, 1440])
def test_the_window_is_as_long_as_was_asked_for(minutes: int) -> None:
    window = metric_window(Idle("m", 1, minutes), LAUNCH, at(days=3))
    assert window
    assert window.end - window.start == timedelta(minutes=minutes)


@pytest.mark.parametrize(("launched_at", "since"), [(LAUNCH, at(minutes=15)), (at(seconds=1), at(minutes=20))])
def test_until_a_window_lies_behind_the_warm_up_all_whole_periods_since_the_boot_are_asked_for(
    launched_at: datetime, since: datetime
) -> None:
    window = metric_window(IDLE, launched_at, at(hours=2))
    assert window == MetricWindow("CPUUtilization", since, at(hours=1, minutes=55), 300)


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
def test_nothing_is_asked_for_before_a_whole_window_has_passed_since_the_boot(
    launched_at: datetime, now: datetime, there: bool
) -> None:
    assert (metric_window(IDLE, launched_at, now) is not None) is there


def test_no_more_is_asked_for_than_a_day_of_warm_up_and_a_day_of_window() -> None:
    longest = Idle("m", 1, 1440, 1440)
    window = metric_window(longest, LAUNCH, at(hours=48, minutes=9))
    assert window
    assert window.end - window.start <= timedelta(hours=48)


@pytest.mark.parametrize(("now", "there"), [(at(minutes=39), False), (at(minutes=40), True)])
def test_a_warm_up_that_is_shorter_than_the_boot_counts(now: datetime, there: bool) -> None:
    assert (metric_window(Idle("m", 1, 30, 5), LAUNCH, now) is not None) is there


# What is idle.


@pytest.mark.parametrize(
    ("maxima", "idle"),
    [
        ((4.9,) * 6, True),
        ((0.0,) * 6, True),
        ((WORK, *(4.9,) * 6), True),
        ((None, *(4.9,) * 5), False),
        ((4.9, 4.9, None, 4.9, 4.9, 4.9), False),
        ((*(4.9,) * 5, None), False),
        ((*(4.9,) * 5, 5.0), False),
        ((*(4.9,) * 7, 90.0), False),
        ((*(4.9,) * 5, float("nan")), False),
        ((None,) * 6, False),
    ],
)
def test_only_a_whole_window_under_the_threshold_is_idle(maxima: tuple[float | None, ...], idle: bool) -> None:
    assert _idle(*maxima) is idle


@pytest.mark.parametrize(
    "unseen",
    [None, Unknown("cloudwatch:GetMetricData: Throttling"), Unknown("cloudwatch:GetMetricData: AccessDenied", True)],
)
def test_what_was_not_seen_is_not_idle(unseen: Unknown | None) -> None:
    assert not is_idle(IDLE, LAUNCH, unseen)


@pytest.mark.parametrize(("maximum", "idle"), [(0.0, True), (0.1, False), (float("nan"), False)])
def test_at_a_threshold_of_zero_only_zero_is_idle(maximum: float, idle: bool) -> None:
    assert _idle(*(maximum,) * 6, idle=Idle("m", 0.0, 30)) is idle


def test_a_datapoint_counts_for_the_period_in_which_it_lies() -> None:
    whole = metric_maxima(*(REST,) * 6, until=at(hours=3))
    shifted = {moment + timedelta(minutes=3): value for moment, value in whole.maxima.items()}
    assert is_idle(IDLE, LAUNCH, MetricMaxima(whole.window, shifted))


# Not before the first activity, or the end of the warm-up.


@pytest.mark.parametrize("minutes", [55, 75, 119, 145])
def test_a_download_without_activity_is_not_idle_within_the_warm_up(minutes: int) -> None:
    periods = (minutes - 15) // 5
    assert not _idle(*(REST,) * periods, until=at(minutes=15 + 5 * periods))


def test_what_was_never_active_is_idle_a_window_after_the_warm_up() -> None:
    assert _idle(*(REST,) * 6, until=at(hours=2, minutes=30))
    assert not _idle(*(REST,) * 26, until=at(hours=2, minutes=25))


def test_within_the_warm_up_a_window_after_the_first_activity_is_idle() -> None:
    assert _idle(WORK, *(REST,) * 6, until=at(minutes=50))
    assert not _idle(WORK, *(REST,) * 5, until=at(minutes=45))


def test_activity_long_before_the_window_counts() -> None:
    assert _idle(WORK, *(REST,) * 12, until=at(minutes=80))


def test_a_missing_datapoint_is_no_first_activity() -> None:
    assert not _idle(None, *(REST,) * 6, until=at(minutes=50))


# What can never be idle is told.

GPU = Idle("CWAgent/nvidia_smi_utilization_gpu", 5, 30)


def _problem(*maxima: float | None, idle: Idle = GPU, until: datetime = EARLY) -> str | None:
    return metric_problem(idle, metric_maxima(*maxima, until=until))


def test_a_metric_that_never_had_a_datapoint_is_told_with_what_to_do() -> None:
    assert _problem(*(None,) * 6) == (
        "CWAgent/nvidia_smi_utilization_gpu has had no datapoint since 2026-03-02T09:15:00Z, so the run cannot be found"
        " idle: publish it with the dimension InstanceId and no other; the CloudWatch agent does so with"
        ' "aggregation_dimensions": [["InstanceId"]]'
    )


def test_a_metric_of_ec2_without_data_has_a_wrong_name() -> None:
    told = _problem(*(None,) * 6, idle=Idle("CPUUtilisation", 5, 30)) or ""
    assert told.endswith("check that it is the name of a metric that EC2 publishes")


def test_a_metric_that_has_no_datapoint_any_more_is_told() -> None:
    told = _problem(0.0, WORK, *(None,) * 6, until=at(minutes=55)) or ""
    assert "no datapoint since 2026-03-02T09:25:00Z" in told


def test_a_metric_that_comes_more_seldom_than_every_period_is_told() -> None:
    told = _problem(REST, None, REST, None, REST, None) or ""
    assert "a datapoint in 3 of 6 periods of 5 minutes" in told


def test_a_metric_that_comes_too_late_is_told() -> None:
    told = _problem(REST, REST, REST, REST, None, None) or ""
    assert "no datapoint since 2026-03-02T09:35:00Z, and a missing one counts as activity" in told


@pytest.mark.parametrize(
    "maxima",
    [
        (REST,) * 6,
        (None, None, None, REST, REST, REST),
        (REST, REST, REST, REST, REST, None),
        (REST, None, WORK, REST, REST, REST),
    ],
    ids=["all there", "begun just now", "the last one late", "one lost at work"],
)
def test_what_may_be_idle_yet_or_is_at_work_is_not_told(maxima: tuple[float | None, ...]) -> None:
    assert _problem(*maxima) is None


@pytest.mark.parametrize("unseen", [None, Unknown("cloudwatch:GetMetricData: Throttling")])
def test_what_was_not_seen_is_not_told_as_missing(unseen: Unknown | None) -> None:
    assert metric_problem(GPU, unseen) is None
