"""The pattern language of markers and outputs: what is well formed, and what it matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from monitor_runtime.contract.names import OWN_FOLDER
from monitor_runtime.contract.rules import Problem


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern names an object: the whole name, case-sensitive, wildcards never across a slash."""
    return name == pattern or (name.count("/") == pattern.count("/") and fnmatchcase(name, pattern))


def literal_head(pattern: str) -> str:
    """What all names begin with that a pattern matches: the part before its first wildcard."""
    return pattern[: min((pattern.find(sign) for sign in "*?[" if sign in pattern), default=len(pattern))]


def literal_tail(pattern: str) -> str:
    """What all names end with that a pattern matches: the part after its last wildcard; all of it without one."""
    return pattern[max(pattern.rfind(sign) for sign in "*?[]") + 1 :]


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
            fix="name an object directly under the prefix; move folders into prefix, or name what lies in folders in"
            " expected_outputs",
        )


def object_pattern(field: str, value: object) -> Iterator[Problem]:
    """A key below the prefix, with wildcards in its name and its folders, each within one folder."""
    name = value if isinstance(value, str) else ""
    broken = name.startswith("/") or "//" in name or name.endswith("/")
    if not _well_formed(name) or broken or not _RELATIVE.isdisjoint(name.split("/")):
        yield Problem(
            field,
            got=value,
            accepted=f"a key below the prefix, 1 to {MAX_PATTERN_CHARACTERS} printable characters,"
            " wildcards * ? [ ] within a name or a folder",
            fix="write it relative to the prefix, without a leading '/', for example checkpoints/epoch-*/model.pt",
        )
    elif "**" in name:
        yield Problem(
            field,
            got=value,
            accepted="a single * in place of **: it matches within one folder, and never across a '/'",
            fix="write a folder as */ for each level, for example checkpoints/*/*.pt, in an entry for each depth",
        )
    elif any("/" in members for members in _SET.findall(name)):
        yield Problem(
            field,
            got=value,
            accepted="a set in brackets without '/', since no wildcard matches across one",
            fix="end the set before the '/', for example runs/[ab]/model.pt",
        )
    elif name.startswith(OWN_FOLDER):
        yield Problem(
            field,
            got=value,
            accepted=f"a key that is not in {OWN_FOLDER}, which holds what runctl itself writes",
            fix="name what the training writes",
        )
