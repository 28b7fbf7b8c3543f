"""What a marker's body says: JSON of a known form, or nothing, and then the marker's name decides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.decide.completion import ManifestEntry, MarkerBody

MAX_BODY_BYTES = 64 * 1024
_MAX_MESSAGE_CHARACTERS = 200
_OUTCOMES = {"succeeded": Outcome.SUCCEEDED, "failed": Outcome.FAILED}


def parse_body(body: bytes) -> MarkerBody:
    """Read ``{"outcome", "exit_code", "message", "checkpoint": [{"key", "size"}]}``, each optional or null.

    Anything else, be it plain text, invalid UTF-8, cut-off JSON or a field of the wrong type, is an empty body:
    a marker that cannot be read in full is still a marker.
    """
    try:
        document: object = json.loads(body)
        return _read(cast("Mapping[str, Any]", document)) if isinstance(document, Mapping) else MarkerBody()
    except (ValueError, RecursionError):
        return MarkerBody()


def _read(document: Mapping[str, Any]) -> MarkerBody:
    outcome = document.get("outcome")
    if outcome is not None and (not isinstance(outcome, str) or outcome not in _OUTCOMES):
        raise ValueError
    exit_code = document.get("exit_code")
    if exit_code is not None and type(exit_code) is not int:
        raise ValueError
    message = document.get("message")
    if message is not None and not isinstance(message, str):
        raise ValueError
    return MarkerBody(
        _OUTCOMES[outcome] if outcome else None,
        exit_code,
        _encodable(message or "")[:_MAX_MESSAGE_CHARACTERS],
        _manifest(document.get("checkpoint")),
    )


def _manifest(entries: object) -> tuple[ManifestEntry, ...]:
    if entries is None:
        return ()
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ValueError  # noqa: TRY004 - one exception for every body that is not of the form
    return tuple(_entry(entry) for entry in cast("Sequence[object]", entries))


def _entry(entry: object) -> ManifestEntry:
    fields = cast("Mapping[str, object]", entry if isinstance(entry, Mapping) else {})
    key, size = fields.get("key"), fields.get("size")
    if not isinstance(key, str) or not key or not (size is None or (type(size) is int and size >= 0)):
        raise ValueError
    return ManifestEntry(_encodable(key), size)


def _encodable(text: str) -> str:
    """The text itself; JSON can spell half of a character, and that is a UnicodeEncodeError, a ValueError."""
    text.encode()
    return text
