"""The last layer: powers the box off when everything that should have ended it before did not."""

from __future__ import annotations

from .machine.files import KEPT, PASSING, read, remove, uptime, write
from .machine.metadata import is_of_this_instance
from .machine.power import held_seconds, power_off
from .machine.tags import Tags
from .machine.waiting import Interruption, pause
from .report.ending import UNMARKED_SINCE

_INTERVAL_SECONDS = 60
_LAST_RESORTS = (f"{PASSING}/power-off-at", f"{KEPT}/power-off-at")
"""The uptime at which a few lines of Bash power the box off when this program does not run. The first, which is gone
after a boot, counts a hold in."""


def guard(interrupted: Interruption) -> int:
    """Look once a minute. What was learnt stays in this process: it needs no disk and no network for it."""
    if is_of_this_instance():
        tags = Tags()
        while not interrupted():
            look(tags)
            pause(_INTERVAL_SECONDS, interrupted)
            tags.refresh()
    return 0


def look(tags: Tags) -> None:
    """Power off what is up for too long, or could not tell its end for too long, unless somebody asked for time."""
    up, held = uptime(), held_seconds(tags)
    limit, unmarked_limit = tags.seconds("power-off-after-seconds"), tags.seconds("power-off-unmarked-seconds")
    _leave_last_resort(limit, up + held if held else 0)
    unmarked_since = read(UNMARKED_SINCE).strip()
    if held:
        return
    if limit is not None and up >= limit:
        power_off(f"up for {up:.0f} s, the limit is {limit} s")
    elif unmarked_limit is not None and unmarked_since.isdigit() and up >= int(unmarked_since) + unmarked_limit:
        power_off(f"marker not written for {unmarked_limit} s")


def _leave_last_resort(limit: int | None, held_until: float) -> None:
    for path, earliest in zip(_LAST_RESORTS, (held_until, 0)):
        if limit is None:
            remove(path)
        elif read(path) != (at := f"{max(limit, earliest):.0f}\n"):
            write(path, at)
