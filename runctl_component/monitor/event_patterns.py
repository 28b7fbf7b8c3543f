"""Event patterns: what EventBridge hands to the monitor."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monitor_runtime.contract.rules import Problem

MAX_PATTERN_CHARACTERS = 2048
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""

Matcher = dict[str, str] | str
"""An exact key, or an object with a wildcard."""

_WILD = re.compile(r"(?:[*?]|\[!?\]?[^]]*(?:\]|\Z))+")
"""Wildcards of a marker in a row: ``*``, ``?``, and sets, in which a ``]`` that comes first is a member."""


def spot_warning_pattern() -> str:
    """Every spot warning of the account and region; the instance's tags say whose it is."""
    return _to_json({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})


def private_markers(prefix: str, markers: Iterable[str]) -> list[Matcher]:
    """Matchers for the markers of one run: exact keys, and wildcards where the marker has some."""
    return [_matcher(prefix, marker) for marker in sorted(set(markers))]


def shared_markers(prefix: str, markers: Iterable[str]) -> list[Matcher]:
    """Matchers for the markers of all runs at or below a prefix, each from the border of a folder on."""
    return [matcher for marker in sorted(set(markers)) for matcher in _at_any_depth(prefix, marker)]


def shared_endings(prefix: str, markers: Iterable[str]) -> list[Matcher]:
    """Likewise, in fewer characters: ``undone`` is taken for ``done``, and the monitor then sees that it is not."""
    return [{"wildcard": f"{_escaped(prefix)}{_wildcards(f'*{marker}')}"} for marker in sorted(set(markers))]


def object_created_pattern(bucket: str, keys: Sequence[Matcher]) -> str:
    """Markers that were written to a bucket: never every upload."""
    detail = {"bucket": {"name": [bucket]}, "object": {"key": list(keys)}}
    return _to_json({"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail})


def shared_pattern(bucket: str, prefixes: Sequence[str], markers: Sequence[str]) -> str:
    """Markers of all runs below some prefixes of a bucket: from folder borders on if that fits, else by their ends."""
    exact = object_created_pattern(bucket, [key for prefix in prefixes for key in shared_markers(prefix, markers)])
    if len(exact) <= MAX_PATTERN_CHARACTERS:
        return exact
    return object_created_pattern(bucket, [key for prefix in prefixes for key in shared_endings(prefix, markers)])


def private_pattern(bucket: str, prefixes: Sequence[str], markers: Sequence[str]) -> str:
    """Markers that lie directly under some prefixes of a bucket."""
    return object_created_pattern(bucket, [key for prefix in prefixes for key in private_markers(prefix, markers)])


def _matcher(folder: str, marker: str) -> Matcher:
    if not _WILD.search(marker):
        return folder + marker
    return {"wildcard": _escaped(folder) + _wildcards(marker)}


def _at_any_depth(prefix: str, marker: str) -> list[Matcher]:
    directly = _matcher(prefix, marker)
    pattern = _wildcards(marker)
    # A wildcard of EventBridge crosses folders, so one at the beginning says all of it.
    return [directly] if pattern.startswith("*") else [directly, {"wildcard": f"{_escaped(prefix)}*/{pattern}"}]


def _wildcards(pattern: str) -> str:
    """EventBridge knows ``*`` alone, no two in a row; the monitor looks for itself, so matching too much is safe."""
    return "*".join(_escaped(literal) for literal in _WILD.split(pattern))


def _escaped(literal: str) -> str:
    return literal.replace("\\", "\\\\").replace("*", "\\*")


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def pattern_problems(pattern: str) -> Iterator[Problem]:
    """Whether EventBridge takes a pattern."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        yield Problem(
            "markers",
            found=f"an event pattern of {len(pattern)} characters",
            accepted=f"at most {MAX_PATTERN_CHARACTERS} characters (EventBridge's limit)",
            fix="use fewer markers or shorter prefixes, or set s3_events to false",
        )
