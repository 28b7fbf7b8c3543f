"""Where S3 events led to nobody: remembered while the function is warm, so that EC2 is not asked for each of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from monitor_runtime.cloud.interface import Cloud, CloudError

Value = TypeVar("Value")

KEPT = timedelta(seconds=60)
"""A run that is created in this time loses its events for the rest of it: its first check and its backoff, which has
short intervals then, see the marker all the same."""
MAX_PLACES = 1000
"""Of what is remembered, the oldest gives way."""
MAX_ENTERED = 5
"""How many folders down from the bucket it is asked who is there."""


@dataclass(frozen=True, slots=True)
class _Around:
    """Who writes to the folders of a place; None for ``outputs`` when one call cannot tell so many."""

    asked_at: datetime
    outputs: Collection[str] | None


class Misses:
    """Places, each ``bucket/folder/``, and when they were asked about.

    Each execution environment of Lambda has its own. A run that was found is never remembered.
    """

    def __init__(self) -> None:
        self._nobodys: dict[str, datetime] = {}
        self._around: dict[str, _Around] = {}
        self._throttled_at: datetime | None = None

    def clear(self) -> None:
        """Know nothing."""
        self._nobodys.clear()
        self._around.clear()
        self._throttled_at = None

    def has(self, place: str, now: datetime) -> bool:
        """Whether it is known that no run of the monitor writes to this place."""
        around = [known.outputs for above in _above(place) if (known := self._known_around(above, now))]
        return _is_fresh(self._nobodys.get(place), now) or any(
            outputs is not None and place not in outputs for outputs in around
        )

    def is_throttled(self, now: datetime) -> bool:
        """Whether EC2 asked for fewer requests a moment ago: the next check of a run sees its marker all the same."""
        return _is_fresh(self._throttled_at, now)

    def failed(self, error: CloudError, now: datetime) -> None:
        """EC2 did not say who writes somewhere."""
        if error.throttled:
            self._throttled_at = now

    def add(self, cloud: Cloud, monitor: str, place: str, now: datetime) -> None:
        """Nobody was found there. Find out, in a few calls, who writes to the folders around it.

        Markers in many folders of one run are then told apart from its own by the first of them.
        """
        _remember(self._nobodys, place, now)
        unknown = [above for above in reversed(_above(place)) if not self._known_around(above, now)]
        for above in unknown[:MAX_ENTERED]:
            try:
                outputs = cloud.outputs_below(monitor, above)
            except CloudError as error:
                self.failed(error, now)
                return
            _remember(self._around, above, _Around(now, outputs))
            if outputs is not None:
                return

    def _known_around(self, above: str, now: datetime) -> _Around | None:
        known = self._around.get(above)
        return known if known and _is_fresh(known.asked_at, now) else None


def _above(place: str) -> list[str]:
    """The folders that hold a place, from the innermost to the bucket itself."""
    folders = place.split("/")[:-1]
    return ["/".join(folders[:count]) + "/" for count in range(len(folders) - 1, 0, -1)]


def _is_fresh(asked_at: datetime | None, now: datetime) -> bool:
    return asked_at is not None and asked_at <= now < asked_at + KEPT


def _remember(known: dict[str, Value], place: str, value: Value) -> None:
    known.pop(place, None)
    known[place] = value
    while len(known) > MAX_PLACES:
        del known[next(iter(known))]
