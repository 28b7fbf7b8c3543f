"""The pattern language of markers and outputs: what is well formed, and what it matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from monitor_runtime.contract.rules import Problem


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern names an object: the whole name, case-sensitive, wildcards never across a slash."""
    return name == pattern or (name.count("/") == pattern.count("/") and fnmatchcase(name, pattern))


MAX_PATTERN_CHARACTERS = 256
_SET = re.compile(r"\[!?(\]?[^]]*)\]")
_RANGE = re.compile(r"(.)-(.)")
_RELATIVE = frozenset({".", ".."})
"""Names that every tool on the way to S3 reads in its own way."""


def _well_formed(pattern: str) -> bool:
    """Printable, of a length that S3 knows, and with sets that something can match: ``[z-a]`` has no member."""
    ranges = (each for members in _SET.findall(pattern) for each in _RANGE.findall(members))
    fits = 0 < len(pattern) <= MAX_PATTERN_CHARACTERS and pattern.isprintable()
    return fits and all(first <= last for first, last in ranges)


def marker_name(field: str, value: object) -> Iterator[Problem]:
    """A file name directly under the prefix, exact or with the wildcards ``* ? [ ]``."""
    name = value if isinstance(value, str) else ""
    if not _well_formed(name) or "/" in name or not name.strip("*? ") or name in _RELATIVE:
        yield Problem(
            field,
            got=value,
            accepted=f"a file name without '/', 1 to {MAX_PATTERN_CHARACTERS} printable characters, not only wildcards",
            fix="name an object directly under the prefix; move folders into prefix",
        )


def object_pattern(field: str, value: object) -> Iterator[Problem]:
    """A key below the prefix; wildcards only after the last slash, so that one listing of one folder answers it."""
    name = value if isinstance(value, str) else ""
    folder, _, last = name.rpartition("/")
    broken = name.startswith("/") or "//" in name or not last or any(sign in folder for sign in "*?[")
    if not _well_formed(name) or broken or not _RELATIVE.isdisjoint(name.split("/")):
        yield Problem(
            field,
            got=value,
            accepted=f"a key below the prefix, 1 to {MAX_PATTERN_CHARACTERS} printable characters,"
            " wildcards only after the last '/'",
            fix="write it relative to the prefix, without a leading '/', for example checkpoints/*.pt",
        )
