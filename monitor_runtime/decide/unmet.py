"""What of a pattern is missing: nothing of it, a part of a set, or a file that is there but does not count."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract import names
from monitor_runtime.contract.patterns import literal_head, literal_tail, matches
from monitor_runtime.contract.settings import Settings

_PART = re.compile(r"(?<!\d)(\d+)[-_. ]?of[-_. ]?(\d+)(?!\d)", re.IGNORECASE)
"""``model-00001-of-00003.safetensors``, ``shard_1_of_3``: counted from 0 or from 1."""
_DIGEST = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]{4,})*")
"""``train-00000-of-00003-5f1c0a9be2d47788.parquet``: each part has its own."""
_SHOWN_PARTS = 5


def fresh(objects: Iterable[StoredObject], launched_at: datetime) -> tuple[StoredObject, ...]:
    """The objects of this launch. An older object belongs to an earlier run of the same instance."""
    return tuple(entry for entry in objects if entry.modified_at >= launched_at)


def matching(settings: Settings, pattern: str, objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
    """The objects whose key, relative to the prefix, matches the pattern; what marks a folder is none.

    Nor is what runctl writes itself: a wildcard means what the training does.
    """
    return tuple(entry for entry in objects if _is_meant(pattern, settings.prefix, entry.key))


def missing(settings: Settings, pattern: str, objects: Sequence[StoredObject], launched_at: datetime) -> str | None:
    """Why a pattern is not complete, in a few words that begin with it; None when it is.

    It is complete when something of this launch matches it, nothing that does is empty, and where names tell of parts,
    all of them are there.
    """
    found = matching(settings, pattern, objects)
    current = fresh(found, launched_at)
    older = len(found) > len(current)
    if not current:
        return f"{pattern}: {'older than this launch' if older else 'absent'}"
    if empty := [entry for entry in current if entry.size == 0]:
        return f"{pattern}: {_name(settings, empty[0])} is empty"
    gap = _missing_part(pattern, [_name(settings, entry) for entry in current])
    others = ", others are older than this launch" if older else ""
    return f"{pattern}: {gap}{others}" if gap else None


def _name(settings: Settings, entry: StoredObject) -> str:
    return entry.key[len(settings.prefix) :]


def _is_meant(pattern: str, prefix: str, key: str) -> bool:
    name = key[len(prefix) :]
    is_file = key.startswith(prefix) and not key.endswith("/") and not name.startswith(names.OWN_FOLDER)
    return is_file and matches(pattern, name)


def _missing_part(pattern: str, found: Iterable[str]) -> str | None:
    """Of each set whose names tell how many parts it has, whether all are there.

    A number that the pattern itself spells out, such as that of a fold, counts no parts.
    """
    sets: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    for name in set(found) - {pattern}:
        start, end = len(literal_head(pattern)), len(name) - len(literal_tail(pattern))
        for part in _PART.finditer(name):
            if part.end() > start and part.start() < end:
                behind = _DIGEST.sub("", name[part.end() :].casefold())
                sets[name[: part.start()], behind, int(part[2])].add(int(part[1]))
    for (_, _, total), numbers in sorted(sets.items()):
        within = {number for number in numbers if number <= total}
        if max(len(within - {0}), len(within - {total})) < total:
            return _only(sorted(within), total)
    return None


def _only(numbers: Sequence[int], total: int) -> str:
    if not numbers:
        return f"no part of {total}"
    if len(numbers) > _SHOWN_PARTS:
        return f"only {len(numbers)} parts of {total}"
    listed = ", ".join(map(str, numbers))
    return f"only part{'s' if len(numbers) > 1 else ''} {listed} of {total}"
