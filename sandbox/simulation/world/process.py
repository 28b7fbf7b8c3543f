"""One invocation that runs beside others: it is set aside while it waits, and replayed up to there when time has come.

Everything that the monitor learns comes through `Process.do` and `Process.spend`, which remember it. To go on after a
wait, the monitor is called again from the start and gets the same answers up to where it was: it decides the same,
being deterministic, and goes on from there. So checks overlap exactly, without threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from sandbox.simulation.world.timeline import SECOND, Timeline, to_datetime

Value = TypeVar("Value")

MOST_STEPS = 2000
"""More calls and waits than any invocation needs: one that makes as many goes round in a circle."""


class SuspendedError(BaseException):
    """Unwinds an invocation that has to wait while other things happen."""


class TimedOutError(BaseException):
    """Lambda kills the invocation."""


class RunawayError(Exception):
    """The invocation does the same again and again."""


@dataclass(frozen=True, slots=True)
class _Step:
    moment: int
    value: object
    error: BaseException | None


class Process:
    """The time line of one invocation; ``limit`` is the moment at which Lambda kills it."""

    def __init__(self, timeline: Timeline, limit: int, wake: Callable[[], None]) -> None:
        self.moment = self._started = timeline.now
        self.limit = limit
        self.is_suspended = False
        self._engine = timeline
        self._wake = wake
        self._steps: list[_Step] = []
        self._position = 0

    def rewind(self) -> None:
        """Begin, or begin again."""
        self.is_suspended = False
        self._position = 0
        self.moment = self._started

    def do(self, effect: Callable[[], Value]) -> Value:
        """Do something at this moment, once.

        Raises:
            RunawayError: when there is no end of it.
        """
        if self._position >= MOST_STEPS:
            message = f"more than {MOST_STEPS} steps in one invocation"
            raise RunawayError(message)
        if self._position == len(self._steps):
            try:
                self._steps.append(_Step(self.moment, effect(), None))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
                self._steps.append(_Step(self.moment, None, error))
        return cast("Value", self._next())

    def spend(self, milliseconds: int) -> None:
        """Let time pass, and with it whatever else happens."""
        if self._position < len(self._steps):
            self._next()
            return
        target = min(self.moment + milliseconds, self.limit)
        if self._engine.is_quiet_until(target):
            self._engine.now = target
            self._arrive(target)
            self._next()
            return
        self._engine.at(target, lambda: self._resume(target))
        self.is_suspended = True
        raise SuspendedError

    def _resume(self, moment: int) -> None:
        self._arrive(moment)
        self._wake()

    def _arrive(self, moment: int) -> None:
        self._steps.append(_Step(moment, None, TimedOutError() if moment >= self.limit else None))

    def _next(self) -> object:
        step = self._steps[self._position]
        self._position += 1
        self.moment = step.moment
        if step.error is not None:
            raise step.error.with_traceback(None)
        return step.value


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
