"""Where S3 events led to nobody: remembered while the function is warm, so that EC2 is not asked for each of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor_runtime.cloud.interface import Cloud, CloudError

KEPT = timedelta(seconds=60)
"""A run that is created in this time loses its events for the rest of it: its first check and its backoff, which has
short intervals then, see the marker all the same."""
MAX_PLACES = 1000
"""Of what is remembered, the oldest gives way."""
MAX_CLIMBED = 5
"""How many folders up from where nobody was found it is asked whether anybody is there."""


class Misses:
    """Places, each ``bucket/folder/``, and when they were asked about.

    Each execution environment of Lambda has its own. A run that was found is never remembered.
    """

    def __init__(self) -> None:
        self._nobodys: dict[str, datetime] = {}
        self._nobody_below: dict[str, datetime] = {}
        """Places with nobody in their folders; a run may write to the place itself."""
        self._somebody_below: dict[str, datetime] = {}

    def clear(self) -> None:
        """Know nothing."""
        for known in (self._nobodys, self._nobody_below, self._somebody_below):
            known.clear()

    def has(self, place: str, now: datetime) -> bool:
        """Whether it is known that no run of the monitor writes to this place."""
        return _is_known(self._nobodys, place, now) or any(
            _is_known(self._nobody_below, above, now) for above in _above(place)
        )

    def add(self, cloud: Cloud, monitor: str, place: str, now: datetime) -> None:
        """Nobody was found there. Find out, in a few calls, how much of what lies around it is nobody's either.

        Markers in many folders of one run are then told apart from its own by the first of them.
        """
        _remember(self._nobodys, place, now)
        for above in _above(place)[:MAX_CLIMBED]:
            if _is_known(self._somebody_below, above, now):
                return
            try:
                found = cloud.outputs_below(monitor, above)
            except CloudError:
                return
            empty = found is not None and set(found) <= {above}
            _remember(self._nobody_below if empty else self._somebody_below, above, now)
            if found is None or found:
                return


def _above(place: str) -> list[str]:
    """The folders that hold a place, from the innermost to the bucket itself."""
    folders = place.split("/")[:-1]
    return ["/".join(folders[:count]) + "/" for count in range(len(folders) - 1, 0, -1)]


def _is_known(known: dict[str, datetime], place: str, now: datetime) -> bool:
    since = known.get(place)
    return since is not None and since <= now < since + KEPT


def _remember(known: dict[str, datetime], place: str, now: datetime) -> None:
    known.pop(place, None)
    known[place] = now
    while len(known) > MAX_PLACES:
        del known[next(iter(known))]
