"""A clock that jumps from one event to the next."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import time_machine

Happening = Callable[[], None]


class VirtualClock:
    """The time of a sandbox. Nothing passes by itself: `run_until` and ``time.sleep`` move it on.

    A sleeping invocation does not hold up the world: what is due meanwhile happens meanwhile.
    """

    def __init__(self, move_to: Callable[[datetime], None]) -> None:
        self._jump = move_to
        self._queue: list[tuple[datetime, int, Happening]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def at(self, moment: datetime, happening: Happening) -> None:
        """Have something happen; what is due at the same moment happens in the order in which it was asked for."""
        heapq.heappush(self._queue, (moment, next(self._order), happening))

    def run_until(self, end: datetime) -> None:
        """Let everything happen that is due up to and at ``end``."""
        while self._queue and self._queue[0][0] <= end:
            moment, _, happening = heapq.heappop(self._queue)
            self._move_to(moment)
            happening()
        self._move_to(end)

    def sleep(self, seconds: float) -> None:
        """What ``time.sleep`` does in a sandbox."""
        self.run_until(self.now() + timedelta(seconds=seconds))

    def _move_to(self, moment: datetime) -> None:
        if moment > self.now():
            self._jump(moment)


@contextmanager
def virtual_time(start: datetime) -> Generator[VirtualClock]:
    """From here on, ``datetime.now``, ``time.time`` and ``time.sleep`` are those of the returned clock."""
    with time_machine.travel(start, tick=False) as traveller:
        clock = VirtualClock(traveller.move_to)
        with patch.object(time, "sleep", clock.sleep):
            yield clock
