"""When checks are due: sums of growing intervals since LaunchTime, so that a lost trigger changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from monitor_runtime.contract.settings import Settings

JITTER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class DueCheck:
    """The next check of the backoff, and its distance from the one before it."""

    at: datetime
    interval_seconds: float


def offsets(settings: Settings) -> Iterator[float]:
    """Seconds since LaunchTime at which checks are due, without jitter; endless.

    ``initial * multiplier ** k`` summed up, each interval at most ``max``: 30, 90, 210, 450, 750, 1050, ...
    """
    due = 0.0
    for interval in _intervals(settings):
        due += interval
        yield due


def _intervals(settings: Settings) -> Iterator[float]:
    interval = float(settings.initial_interval_seconds)
    while True:
        yield interval
        interval = min(interval * settings.backoff_multiplier, settings.max_interval_seconds)


def jitter_seconds(run: str) -> int:
    """A hash of the run's name below `JITTER_SECONDS`, so that a fleet launched at once does not march in step."""
    return int.from_bytes(sha256(run.encode()).digest()[:4]) % JITTER_SECONDS


def next_due(settings: Settings, launched_at: datetime, now: datetime) -> DueCheck:
    """The first due check later than ``now``; depends on the launch alone, not on earlier checks."""
    start = launched_at + timedelta(seconds=jitter_seconds(settings.run))
    due = start
    for interval in _intervals(settings):
        step = timedelta(seconds=interval)
        if due + step > now:
            return DueCheck(due + step, interval)
        if settings.backoff_multiplier == 1 or interval >= settings.max_interval_seconds:
            return DueCheck(due + step * ((now - due) // step + 1), interval)
        due += step
    raise AssertionError  # pragma: no cover - the intervals never end
