"""Event patterns: what EventBridge hands to the monitor."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monitor_runtime.rules import Problem

MAX_PATTERN_CHARACTERS = 2048
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""


def spot_warning_pattern() -> str:
    """Every spot warning of the account and region; the instance's tags tell whose it is."""
    return _to_json({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})


def private_markers(prefix: str, markers: Iterable[str]) -> list[dict[str, str] | str]:
    """Matchers for the markers of one run: exact keys, and wildcards where the marker has some."""
    return [_matcher(prefix + marker) for marker in sorted(set(markers))]


def shared_markers(prefix: str, markers: Iterable[str]) -> list[dict[str, str] | str]:
    """Matchers for the markers of all runs at or below a prefix."""
    return [{"wildcard": f"{_escaped(prefix)}*{_wildcards(marker)}"} for marker in sorted(set(markers))]


def object_created_pattern(bucket: str, keys: Sequence[dict[str, str] | str]) -> str:
    """Markers that were written to a bucket: never every upload."""
    detail = {"bucket": {"name": [bucket]}, "object": {"key": list(keys)}}
    return _to_json({"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail})


def _matcher(key: str) -> dict[str, str] | str:
    return {"wildcard": _wildcards(key)} if set(key) & set("*?[") else key


def _wildcards(pattern: str) -> str:
    """EventBridge knows ``*`` alone, no two in a row; the monitor looks for itself, so matching too much is safe."""
    text = ""
    inside = False
    for sign in pattern:
        if sign == "[":
            inside = True
        if inside or sign in "*?":
            text = text if text.endswith("*") else f"{text}*"
        else:
            text += _escaped(sign)
        inside = inside and sign != "]"
    return text


def _escaped(literal: str) -> str:
    return literal.replace("\\", "\\\\").replace("*", "\\*")


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def pattern_problems(pattern: str) -> Iterator[Problem]:
    """Whether EventBridge takes a pattern."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        yield Problem(
            "markers",
            f"an event pattern of {len(pattern)} characters",
            f"at most {MAX_PATTERN_CHARACTERS} characters (EventBridge's limit)",
            "use fewer markers or shorter prefixes, or set s3_events to false",
        )
