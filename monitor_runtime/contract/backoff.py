"""When checks are due: sums of growing intervals since LaunchTime, so that a lost trigger changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count

from monitor_runtime.contract.settings import Settings

JITTER_SECONDS = 10
MAX_GROWING = 10**10
"""Growing intervals that are told apart: of 10 s each, three thousand years."""


@dataclass(frozen=True, slots=True)
class DueCheck:
    """The next check of the backoff, and its distance from the one before it."""

    at: datetime
    interval_seconds: float


def offsets(settings: Settings) -> Iterator[float]:
    """Seconds since LaunchTime at which checks are due, without jitter; endless.

    ``initial * multiplier ** k`` summed up, each interval at most ``max``: 30, 90, 210, 450, 750, 1050, ...
    """
    intervals = Intervals.of(settings)
    return (intervals.sum_of(number).total_seconds() for number in count(1))


@dataclass(frozen=True, slots=True)
class Intervals:
    """A geometric series that ends in equal intervals of ``longest`` seconds.

    Each sum is worked out by itself, to the microsecond: it depends on its number alone, and costs the same for the
    millionth as for the first.
    """

    first: int
    growth: float
    """How much longer each interval is than the one before, as a fraction of it."""
    longest: int
    growing: int
    """How many intervals there are before those of the longest length."""

    @classmethod
    def of(cls, settings: Settings) -> Intervals:
        """The intervals of a run. Without growth, all have the length of the first."""
        first, longest = settings.initial_interval_seconds, settings.max_interval_seconds
        growth = settings.backoff_multiplier - 1
        if growth == 0:
            return cls(first, growth, first, 0)
        growing = math.ceil(math.log(longest / first) / math.log1p(growth))
        return cls(first, growth, longest, min(growing, MAX_GROWING))

    def sum_of(self, number: int) -> timedelta:
        """The first so many intervals together. ``expm1`` and ``log1p`` keep a growth of a billionth exact."""
        growing = min(number, self.growing)
        grown = self.first * math.expm1(growing * math.log1p(self.growth)) / self.growth if growing else 0.0
        return timedelta(seconds=grown) + (number - growing) * timedelta(seconds=self.longest)

    def length_seconds(self, number: int) -> float:
        """The length of that interval; the first is number 1. Rounded, as one that is full may seem a hair shorter."""
        if number > self.growing:
            return float(self.longest)
        return min(round(self.first * (1 + self.growth) ** (number - 1), 6), float(self.longest))

    def later_than(self, elapsed: timedelta) -> int:
        """The number of the first sum that is greater: by logarithm, and corrected for what floats leave out."""
        elapsed, grown = max(elapsed, timedelta(0)), self.sum_of(self.growing)
        if elapsed >= grown:
            return self.growing + (elapsed - grown) // timedelta(seconds=self.longest) + 1
        number = max(1, int(math.log1p(elapsed.total_seconds() * self.growth / self.first) / math.log1p(self.growth)))
        while number > 1 and self.sum_of(number - 1) > elapsed:
            number -= 1
        while self.sum_of(number) <= elapsed:
            number += 1
        return number


def jitter_seconds(run: str) -> int:
    """A hash of the run's name below `JITTER_SECONDS`, so that a fleet launched at once does not march in step."""
    return int.from_bytes(sha256(run.encode()).digest()[:4]) % JITTER_SECONDS


def next_due(settings: Settings, launched_at: datetime, now: datetime) -> DueCheck:
    """The first due check later than ``now``; depends on the launch alone, not on earlier checks."""
    start = launched_at + timedelta(seconds=jitter_seconds(settings.run))
    intervals = Intervals.of(settings)
    number = intervals.later_than(now - start)
    return DueCheck(start + intervals.sum_of(number), intervals.length_seconds(number))
