"""One invocation that runs beside others, each in a greenlet: it is set aside while it waits, until time has come.

So checks overlap exactly, without threads: the monitor's code stays where it is in the middle of a call or a wait, and
what else happens meanwhile happens in the order of virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from greenlet import getcurrent, greenlet

from sandbox.simulation.world.timeline import SECOND, Timeline, to_datetime

MOST_WAITS = 1000
"""More than any invocation needs, of which each call takes two: one that waits as often goes round in a circle."""


class TimedOutError(BaseException):
    """Lambda kills the invocation."""


class RunawayError(Exception):
    """The invocation does the same again and again."""


class Process:
    """The time line of one invocation; ``limit`` is the moment at which Lambda kills it."""

    def __init__(self, timeline: Timeline, limit: int) -> None:
        self.moment = timeline.now
        self.limit = limit
        self._timeline = timeline
        self._waits = 0

    def run(self, work: Callable[[], None]) -> None:
        """Begin; returns when the work has to wait, or is done."""
        greenlet(work).switch()

    def spend(self, milliseconds: int) -> None:
        """Let time pass, and with it whatever else happens.

        Raises:
            RunawayError: when there is no end of it.
            TimedOutError: at the limit.
        """
        if self._waits >= MOST_WAITS:
            message = f"more than {MOST_WAITS} waits in one invocation"
            raise RunawayError(message)
        self._waits += 1
        target = min(self.moment + milliseconds, self.limit)
        if self._timeline.is_quiet_until(target):
            self._timeline.now = target
        else:
            self._set_aside(target)
        self.moment = target
        if target >= self.limit:
            raise TimedOutError

    def _set_aside(self, until: int) -> None:
        current = getcurrent()

        def resume() -> None:
            current.parent = getcurrent()
            current.switch()

        self._timeline.at(until, resume)
        if current.parent is None:
            message = "what waits was not begun by `run`"
            raise RuntimeError(message)
        current.parent.switch()


class ProcessClock:
    """`monitor_runtime.cloud.clock.Clock` of one invocation."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def now(self) -> datetime:
        """The moment, by Lambda's clock."""
        return to_datetime(self._process.moment)

    def sleep(self, seconds: float) -> None:
        """Let time pass; a part of a millisecond counts whole."""
        self._process.spend(-int(-seconds * SECOND // 1))
