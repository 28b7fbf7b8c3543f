"""Whether a run is idle, read from a metric: only a whole window of data can say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor_runtime.cloud.interface import MetricWindow
from monitor_runtime.contract.settings import Idle
from monitor_runtime.decide.observation import Unknown

WARM_UP = timedelta(minutes=15)
PERIOD_SECONDS = 300
"""Basic monitoring publishes a datapoint every 5 minutes."""


def idle_window(idle: Idle, launched_at: datetime, now: datetime) -> MetricWindow | None:
    """The newest whole window whose data has had a period to arrive; None while it would touch the warm-up."""
    end_seconds = (int(now.timestamp()) // PERIOD_SECONDS - 1) * PERIOD_SECONDS
    end = datetime.fromtimestamp(end_seconds, UTC)
    start = end - timedelta(minutes=idle.minutes)
    return MetricWindow(idle.metric, start, end, PERIOD_SECONDS) if start >= launched_at + WARM_UP else None


def is_idle(idle: Idle, maxima: tuple[float, ...] | Unknown | None) -> bool:
    """True when every period of the window has a maximum under the threshold; missing data is activity."""
    periods = idle.minutes * 60 // PERIOD_SECONDS
    return isinstance(maxima, tuple) and len(maxima) >= periods and all(value < idle.threshold for value in maxima)
