"""How the training ended: remembered over boots, and told until S3 has taken it."""

from __future__ import annotations

import json
from typing import Any

from ..machine.files import KEPT, PASSING, overwrite, read_object, remove, say, uptime, write
from ..machine.power import held_seconds, power_off
from ..machine.tags import Tags
from ..machine.waiting import Interruption, pause
from .bucket import Bucket

PATH = f"{KEPT}/ending.json"
UNMARKED_SINCE = f"{PASSING}/unmarked-since"
"""The uptime since which the marker could not be written: for the guard, should this process be no more."""
_RESERVED_CHARACTERS = 1 << 16
_PUT_SECONDS = 300
_PUT_SECONDS_INTERRUPTED = 60
_LONGEST_PAUSE_SECONDS = 60


class Ending:
    """Of the run on this box."""

    def __init__(self) -> None:
        kept = read_object(PATH)
        self.told: bool = kept.get("told") is True
        self.marker: dict[str, Any] | None = kept.get("marker")

    def reserve(self) -> None:
        """Take the room that the marker will need while the disk has some."""
        write(PATH, " " * _RESERVED_CHARACTERS)

    def note(self, marker: dict[str, Any]) -> None:
        """Remember how it ended: the command does not run again."""
        self.marker = marker
        self._keep()

    def _keep(self) -> None:
        overwrite(PATH, json.dumps({"told": self.told, "marker": self.marker}))

    def tell(self, tags: Tags, bucket: Bucket, interrupted: Interruption) -> None:
        """Write the marker, however often it takes, until the box may give up or is going down."""
        since, delay = uptime(), 2
        write(UNMARKED_SINCE, f"{since:.0f}")
        while True:
            reason = put_marker(self.marker or {}, tags, bucket, interrupted)
            if not reason:
                break
            if interrupted():
                return
            if _gives_up(tags, since):
                power_off(f"marker not written: {reason}")
                return
            say(f"next attempt in {delay} s")
            pause(delay, interrupted)
            delay = min(2 * delay, _LONGEST_PAUSE_SECONDS)
        remove(UNMARKED_SINCE)
        self.told = True
        self._keep()


def _gives_up(tags: Tags, since: float) -> bool:
    limit = tags.seconds("power-off-unmarked-seconds")
    return limit is not None and uptime() - since >= limit and not held_seconds(tags)


def put_marker(marker: dict[str, Any], tags: Tags, bucket: Bucket, interrupted: Interruption) -> str:
    """One attempt, under the name that the tags have by now; returns the reason when it failed."""
    tags.refresh()
    if marker.get("outcome") == "succeeded":
        name = tags.text("success-marker") or "training_complete.txt"
    else:
        name = tags.text("failure-marker") or "training_failed.txt"
    seconds = _PUT_SECONDS_INTERRUPTED if interrupted() else _PUT_SECONDS
    reason = bucket.put(name, json.dumps(marker).encode(), "application/json", seconds)
    say(f"marker {name} not written: {reason}" if reason else f"marker {name} written")
    return reason
