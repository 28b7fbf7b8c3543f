"""Whether a run is idle, read from a metric: only a whole window of data can say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor_runtime.cloud.interface import MetricWindow
from monitor_runtime.contract.settings import Idle
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.observation import MetricMaxima, Unknown

BOOT = timedelta(minutes=15)
"""What an instance does while it boots and installs is no activity of its training."""
PERIOD_SECONDS = 300
"""Basic monitoring publishes a datapoint every 5 minutes."""
_PERIOD = timedelta(seconds=PERIOD_SECONDS)
_LATE_PERIODS = 2
"""A single datapoint may come late: CloudWatch promises no time."""


def metric_window(idle: Idle, launched_at: datetime, now: datetime) -> MetricWindow | None:
    """What to ask CloudWatch for: the newest whole window whose data has had a period to arrive.

    As long as that begins before the warm-up is over, all periods since the boot: any activity among them counts.
    None before a whole window has passed since the boot.
    """
    end = _period(now) - _PERIOD
    start = end - timedelta(minutes=idle.minutes)
    warm_at = launched_at + timedelta(minutes=idle.warm_up_minutes)
    booted_at = min(launched_at + BOOT, warm_at)
    if start < booted_at:
        return None
    since_boot = _period(booted_at + _PERIOD - timedelta(microseconds=1))
    return MetricWindow(idle.metric, start if start >= warm_at else since_boot, end, PERIOD_SECONDS)


def is_idle(idle: Idle, launched_at: datetime, seen: MetricMaxima | Unknown | None) -> bool:
    """True when the metric rests in every period of the newest window; missing data is activity.

    A window counts from the first activity after the boot on, or from the end of the warm-up, whichever comes first.
    """
    if not isinstance(seen, MetricMaxima):
        return False
    start, before, window = _divided(idle, seen)
    if any(value is None or not _rests(idle, value) for value in window):
        return False
    is_warm = start >= launched_at + timedelta(minutes=idle.warm_up_minutes)
    return is_warm or any(value is not None and not _rests(idle, value) for value in before)


def idle_reason(idle: Idle | None, launched_at: datetime, seen: MetricMaxima | Unknown | None) -> str | None:
    """Why the run is idle, for people; None while it is not."""
    if idle is None or not is_idle(idle, launched_at, seen):
        return None
    return f"{idle.metric} {idle.condition}"


def metric_problem(idle: Idle | None, seen: MetricMaxima | Unknown | None) -> str | None:
    """Why the metric can never show that the run is idle, as far as a whole window tells: a sentence, or None."""
    if idle is None or not isinstance(seen, MetricMaxima):
        return None
    _, before, window = _divided(idle, seen)
    there = [index for index, value in enumerate(window) if value is not None]
    if not there:
        since = format_time(
            seen.window.start if all(value is None for value in before) else seen.window.end - _length(idle)
        )
        return f"{idle.metric} has had no datapoint since {since}, so the run cannot be found idle: {_advice(idle)}"
    if any(value is not None and not _rests(idle, value) for value in window):
        return None
    if there[-1] + _LATE_PERIODS < len(window):
        newest = seen.window.end - _PERIOD * (len(window) - there[-1] - 1)
        return (
            f"{idle.metric} has had no datapoint since {format_time(newest)}, and a missing one counts as activity:"
            " publish each within 5 minutes"
        )
    if None in window[there[0] : there[-1] + 1]:
        return (
            f"{idle.metric} has a datapoint in {len(there)} of {len(window)} periods of 5 minutes, and a missing one"
            " counts as activity: publish it at least every 5 minutes"
        )
    return None


def _advice(idle: Idle) -> str:
    if "/" not in idle.metric:
        return "check that it is the name of a metric that EC2 publishes"
    return (
        "publish it with the dimension InstanceId and no other; the CloudWatch agent does so with"
        ' "aggregation_dimensions": [["InstanceId"]]'
    )


def _rests(idle: Idle, value: float) -> bool:
    """Nothing is under 0, so a threshold of 0 counts itself."""
    return value < idle.threshold or idle.threshold == value == 0


def _divided(idle: Idle, seen: MetricMaxima) -> tuple[datetime, list[float | None], list[float | None]]:
    """When the newest window begins, and the maxima before it and in it, in the order of the periods."""
    by_period = {_period(moment): value for moment, value in seen.maxima.items()}
    count = (seen.window.end - seen.window.start) // _PERIOD
    maxima = [by_period.get(seen.window.start + number * _PERIOD) for number in range(count)]
    periods = _length(idle) // _PERIOD
    return seen.window.end - _length(idle), maxima[:-periods], maxima[-periods:]


def _length(idle: Idle) -> timedelta:
    return timedelta(minutes=idle.minutes)


def _period(moment: datetime) -> datetime:
    """The beginning of the period of a moment."""
    return datetime.fromtimestamp(int(moment.timestamp()) // PERIOD_SECONDS * PERIOD_SECONDS, UTC)
