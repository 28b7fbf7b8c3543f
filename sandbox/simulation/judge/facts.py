"""What the oracle derives from single objects: what a pattern names, what a body says, since when it counts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache, lru_cache
from typing import Any, cast

from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.world.bucket import Written
from sandbox.simulation.world.timeline import HOUR


@dataclass(frozen=True, slots=True)
class Finish:
    """What says that a launch's training is complete. ``since``: from when its grace has to be given.

    ``dated_back``: S3 does not tell when it was there, so the monitor counts from when it first noticed.
    """

    outcome: Outcome
    since: int
    stamp: int
    """S3's own time of it, by which it was there before the deadline or not."""
    body: Mapping[str, Any]
    dated_back: bool = False
    uncertain: bool = False
    """Whether the monitor may count from the newest version of a marker: those before it were overwritten before a
    check saw them, or it was gone for a while, and it is open whether a check saw that."""
    kind: Outcome | None = None
    """Of a marker, what its name says."""
    seen_late: bool = False
    """Whether this is the reading of a monitor that knows the newest version of a marker alone, or saw outputs late."""

    @property
    def whole_at(self) -> int:
        """By when the training had written what it has to, and begun to upload what is still on its way."""
        return self.stamp if self.seen_late else min(self.since, self.stamp)

    def given_up_before(self, looked_at: int) -> int:
        """An hour before the training was complete: what had got no part since then was given up.

        Outputs that S3 dates back were complete when they were there, or for a late monitor when it looked.
        """
        whole_at = self.whole_at
        if self._are_dated_back_outputs:
            whole_at = looked_at if self.seen_late else self.since
        return whole_at - HOUR

    @property
    def _are_dated_back_outputs(self) -> bool:
        return self.dated_back and self.kind is None

    def readings(self) -> tuple[Finish, ...]:
        """Itself, and where that is uncertain, what a monitor makes of it that saw it late."""
        late = self.uncertain or self._are_dated_back_outputs
        return (self, replace(self, seen_late=True)) if late else (self,)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """An ending that is due from ``at`` on."""

    outcome: Outcome
    at: int
    action: Action


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


@lru_cache(maxsize=4096)
def names_object(pattern: str, name: str) -> bool:
    """Whether a pattern means an object: every character of the name, folder by folder."""
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        _expression(glob).fullmatch(part) for glob, part in zip(wanted, parts, strict=True)
    )


def is_named(name: str, patterns: Iterable[str]) -> bool:
    """Whether any of the patterns means an object."""
    return any(names_object(pattern, name) for pattern in patterns)


_PART = re.compile(r"(?P<head>.*?)(?P<number>\d+)(?P<of>[-_]of[-_])(?P<total>\d+)(?P<tail>.*)")


def is_whole(pattern: str, objects: Mapping[str, Written]) -> bool:
    """Whether all that a pattern means is there, by name: nothing of it empty, and of each set every part."""
    found = [name for name in objects if names_object(pattern, name)]
    return bool(found) and all(objects[name].size for name in found) and (pattern in found or _has_every_part(found))


def _has_every_part(found: list[str]) -> bool:
    sets = defaultdict[tuple[str, str, int], set[int]](set)
    for part in filter(None, map(_PART.fullmatch, found)):
        sets[part["head"], part["tail"], int(part["total"])].add(int(part["number"]))
    return all(
        numbers >= set(range(total)) or numbers >= set(range(1, total + 1)) for (_, _, total), numbers in sets.items()
    )


NOT_UNDERSTOOD: Mapping[str, Any] = {"not understood": True}


def body_of(written: Written) -> Mapping[str, Any]:
    """The JSON object in it; `NOT_UNDERSTOOD` for what was meant as one, and nothing for other text."""
    try:
        document: Any = json.loads(written.body)
    except ValueError:
        return NOT_UNDERSTOOD if written.body.startswith(b"{") else {}
    return cast("Mapping[str, Any]", document) if isinstance(document, dict) else {}


def tells_failure(body: Mapping[str, Any]) -> bool:
    """Whether a marker's body says that the training failed."""
    return body.get("outcome") == Outcome.FAILED or body.get("exit_code", 0) != 0


def together(bodies: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What several markers say: a failure or doubt of any, else what the earliest says, and all of their files."""
    read = list(bodies)
    told = next(filter(tells_failure, read), next((body for body in read if body is NOT_UNDERSTOOD), read[0]))
    files = [entry for body in read for entry in body.get("checkpoint", ())]
    return {**told, "checkpoint": files} if files and told is not NOT_UNDERSTOOD else told


def counted_since(written: Written) -> int:
    """What S3 dates: by its clock. What it dates back: from when it was there, by all other clocks."""
    return max(written.stamp, written.at) if written.multipart else written.stamp
