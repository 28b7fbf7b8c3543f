"""The instance's tags: what may change while the training runs, since changed user data means another instance."""

from __future__ import annotations

import json
import re

from .files import KEPT, PASSING, read_object, write
from .metadata import UnansweredError, look_up

_PREFIX = "runctl:"
HOLD_UNTIL = "hold-until"
_DECLARED = (
    "failure-marker",
    "power-off-after-seconds",
    "power-off-unmarked-seconds",
    "shutdown-timeout-seconds",
    "success-marker",
)
_PLACES = (f"{PASSING}/tags.json", f"{KEPT}/tags.json")
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


class Tags:
    """As they were last told, remembered here, in memory and on the disk."""

    def __init__(self) -> None:
        self._known: dict[str, str] = read_object(_PLACES[0]) or read_object(_PLACES[1])
        self.refresh()

    def refresh(self) -> None:
        """Ask the metadata service; what it does not tell stays as it was.

        A tag that is gone no longer counts. When all are gone, nobody has decided that: a tool took them, or the
        instance is no longer shown any.
        """
        try:
            told = _told()
        except UnansweredError:
            return
        if not any(name in told for name in _DECLARED):
            told = {**{name: value for name, value in self._known.items() if name in _DECLARED}, **told}
        if told != self._known:
            self._known = told
            for path in _PLACES:
                write(path, json.dumps(told))

    @property
    def ever_told(self) -> bool:
        """Whether the tags were ever seen."""
        return bool(self._known)

    def text(self, name: str) -> str:
        """The value of ``runctl:name``; empty without one."""
        return self._known.get(name, "")

    def seconds(self, name: str) -> int | None:
        """The value as a number of seconds; None when it is none."""
        value = self.text(name)
        return int(value) if _SECONDS.fullmatch(value) else None


def _told() -> dict[str, str]:
    listed = (look_up("tags/instance") or "").split()
    wanted = [name for name in (*_DECLARED, HOLD_UNTIL) if _PREFIX + name in listed]
    values = {name: look_up(f"tags/instance/{_PREFIX}{name}") for name in wanted}
    return {name: value for name, value in values.items() if value is not None}
