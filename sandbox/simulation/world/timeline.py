"""Virtual time and the queue of what happens in it; everything is decided by the seed, nothing by the machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Moments and durations are whole milliseconds since `START`: exact, and cheap to compare."""

START = datetime(2030, 1, 1, tzinfo=UTC)


def to_datetime(moment: int) -> datetime:
    """A moment as the monitor knows it."""
    return START + timedelta(milliseconds=moment)


def to_milliseconds(moment: datetime) -> int:
    """A time of the monitor as a moment of the simulation."""
    return (moment - START) // timedelta(milliseconds=1)


def whole_seconds(moment: int) -> int:
    """The moment as EC2 and S3 stamp it: cut off to the second."""
    return moment - moment % SECOND


class Timeline:
    """The queue of events. Two at the same moment happen in the order in which they were asked for."""

    def __init__(self, *, traced: bool) -> None:
        self.now = 0
        self.traced = traced
        self.lines: list[str] = []
        self._asked = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []

    def at(self, moment: int, action: Callable[[], None]) -> None:
        """Have something happen at a moment, at once if that has passed."""
        self._asked += 1
        heappush(self._queue, (max(moment, self.now), self._asked, action))

    def after(self, delay: int, action: Callable[[], None]) -> None:
        """Have something happen after some milliseconds."""
        self.at(self.now + delay, action)

    def is_quiet_until(self, moment: int) -> bool:
        """Whether nothing is to happen up to and including that moment."""
        return not self._queue or self._queue[0][0] > moment

    def run(self, until: int, settled: Callable[[], bool]) -> None:
        """Let things happen until ``settled`` says so, nothing is left, or time is up."""
        while self._queue and self._queue[0][0] <= until and not settled():
            moment, _, action = heappop(self._queue)
            self.now = max(self.now, moment)
            action()

    def trace(self, template: str, *values: object) -> None:
        """Write down what happened, if anybody wants to read it."""
        if self.traced:
            self.lines.append(f"{to_datetime(self.now):%d %H:%M:%S.%f}"[:-3] + "  " + template.format(*values))


def to_schedule_time(moment: datetime) -> int:
    """A schedule's time has whole seconds; a part of one counts whole."""
    return -(-to_milliseconds(moment) // SECOND) * SECOND
