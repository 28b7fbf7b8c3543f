"""What a marker's body says: each field of a JSON object by itself; what is not understood is no proof of success."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from monitor_runtime.decide.completion import ManifestEntry, MarkerBody

MAX_BODY_BYTES = 64 * 1024
_MAX_MESSAGE_CHARACTERS = 200
_SUCCEEDED = frozenset({"succeeded", "success"})
_FAILED = frozenset({"failed", "failure", "fail", "error"})
_FIELDS = frozenset({"outcome", "exitcode", "message", "checkpoint"})
_SHOWN_CHARACTERS = 40
_MEANT_AS_JSON = re.compile(r'\s*(\{|\[\s*[\[{"\]])')


class _Object(dict[str, object]):
    """A JSON object that remembers what it was written as: a key may be there twice."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def parse_body(body: bytes) -> MarkerBody:
    """Read ``{"outcome", "exit_code", "message", "checkpoint": [{"key", "size"}]}``, each optional or null.

    A failure that one field tells of counts, whatever else is odd. A field of an unknown form, an object that is cut
    off at `MAX_BODY_BYTES`, or JSON that is no object is not understood. Text that is no JSON is just a marker.
    """
    text = body.decode(json.detect_encoding(body), "replace")
    try:
        document: object = json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        cut = f"cut off at {MAX_BODY_BYTES} bytes" if len(body) >= MAX_BODY_BYTES else "no valid JSON"
        return MarkerBody(not_understood=cut if _MEANT_AS_JSON.match(text) else "")
    if isinstance(document, _Object):
        return _read(document)
    if isinstance(document, str):
        return MarkerBody(failed=_word(document) in _FAILED)
    if document is False or isinstance(document, list):
        return MarkerBody(not_understood=f"{_shown(cast('object', document))} where a JSON object is expected")
    return MarkerBody()


def _read(document: _Object) -> MarkerBody:
    fields = {_key(key): value for key, value in document.pairs if _key(key) in _FIELDS}
    repeated = len(fields) < sum(_key(key) in _FIELDS for key, _ in document.pairs)
    said = _word(fields.get("outcome"))
    known = not said or said in _SUCCEEDED | _FAILED
    exit_code, exit_code_known = _exit_code(fields.get("exitcode"))
    manifest, manifest_known = _manifest(fields.get("checkpoint"))
    message, message_known = _message(fields.get("message"))
    problems = {
        "a field is there twice": repeated,
        f"outcome {_shown(fields.get('outcome'))}": not known,
        f"exit_code {_shown(fields.get('exitcode'))}": not exit_code_known,
        "checkpoint": not manifest_known,
        "message": not message_known,
    }
    return MarkerBody(
        failed=said in _FAILED or bool(exit_code),
        exit_code=exit_code,
        message=message,
        manifest=manifest,
        not_understood=", ".join(problem for problem, found in problems.items() if found),
    )


def _key(key: str) -> str:
    """Keys in one spelling: ``exitCode`` is ``exit_code``."""
    return _word(key).replace("_", "").replace("-", "")


def _word(value: object) -> str:
    """Text without regard to letter case and spaces around it; another type is a word that nobody knows."""
    if value is None:
        return ""
    return value.strip().casefold() or " " if isinstance(value, str) else f"a {type(value).__name__}"


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _exit_code(value: object) -> tuple[int | None, bool]:
    """A whole number, also where it is written as text or as a float, and whether it was understood."""
    if value is None:
        return None, True
    try:
        code = int(cast("str", value)) if isinstance(value, str | float | int) else None
    except (ValueError, OverflowError):
        code = None
    understood = code is not None and not isinstance(value, bool) and (isinstance(value, str) or code == value)
    return (code, True) if understood else (None, False)


def _message(value: object) -> tuple[str, bool]:
    """The beginning of a text, and whether it was understood; JSON can spell half of a character."""
    if not isinstance(value, str):
        return "", value is None
    return value[:_MAX_MESSAGE_CHARACTERS].encode(errors="replace").decode(), True


def _manifest(entries: object) -> tuple[tuple[ManifestEntry, ...], bool]:
    """The entries that are understood, and whether these are all."""
    if not isinstance(entries, list):
        return (), entries is None
    given = cast("list[object]", entries)
    read = tuple(_entries(given))
    return read, len(read) == len(given)


def _entries(entries: Sequence[object]) -> Iterator[ManifestEntry]:
    for entry in entries:
        fields = cast("Mapping[str, object]", entry if isinstance(entry, Mapping) else {})
        key, size = fields.get("key"), fields.get("size")
        whole = isinstance(key, str) and key != "" and not any("\ud800" <= sign <= "\udfff" for sign in key)
        if whole and (size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0)):
            yield ManifestEntry(cast("str", key), size)
