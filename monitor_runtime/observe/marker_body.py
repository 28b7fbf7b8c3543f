"""What a marker's body says: each field of a JSON object by itself; what is not understood is no proof of success."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from monitor_runtime.decide.completion import ManifestEntry, MarkerBody

MAX_BODY_BYTES = 64 * 1024
_MAX_MESSAGE_CHARACTERS = 200
_SUCCEEDED = frozenset({"succeeded", "success"})
_FAILED = frozenset({"failed", "failure", "fail", "error"})
_FIELDS = frozenset({"outcome", "exitcode", "message", "checkpoint"})
_ENTRY_FIELDS = frozenset({"key", "size"})
_GZIP = b"\x1f\x8b"
_INVISIBLE = "\ufeff\u200b"
"""Byte order marks and zero-width spaces, which editors and consoles put in front."""
_MEANT_AS_JSON = re.compile(r"""\s*(b?['"])?\s*(\{|\[\s*([\[{"\]]|(-?[\d.eE+-]+|true|false|null)\s*,))""")
_SHOWN_WORD = re.compile(r"([A-Za-z][A-Za-z -]{0,19})?")
"""A longer text, or one with digits, may hold a secret."""


class _Object(dict[str, object]):
    """A JSON object that remembers what it was written as: a key may be there twice."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def parse_body(body: bytes) -> MarkerBody:
    """Read ``{"outcome", "exit_code", "message", "checkpoint": [{"key", "size"}]}``, each optional or null.

    A failure that one field tells of counts, whatever else is odd. What is compressed, or cut off at `MAX_BODY_BYTES`,
    a field of an unknown form, and JSON that is no object are not understood. Text that is no JSON is just a marker.
    What is said of them leaves S3, and shows no text that may hold a secret.
    """
    if body.startswith(_GZIP):
        return MarkerBody(not_understood="compressed with gzip")
    text = body.decode(json.detect_encoding(body), "replace").lstrip(_INVISIBLE)
    read = _parsed(text)
    is_cut = len(body) >= MAX_BODY_BYTES and (read is not None or not text.strip())
    read = read or MarkerBody()
    return replace(read, not_understood=f"cut off at {MAX_BODY_BYTES} bytes") if is_cut else read


def _parsed(text: str) -> MarkerBody | None:
    """None for text that is no JSON. A text within JSON may be JSON that was encoded twice."""
    try:
        document: object = json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        return MarkerBody(not_understood="no valid JSON") if _MEANT_AS_JSON.match(text) else None
    if isinstance(document, _Object):
        return _read(document)
    if isinstance(document, str):
        return _parsed(document) if _MEANT_AS_JSON.match(document) else MarkerBody(failed=_word(document) in _FAILED)
    if document is False or isinstance(document, list):
        kind = "false" if document is False else "a list"
        return MarkerBody(not_understood=f"{kind} where a JSON object is expected")
    return MarkerBody()


def _read(document: _Object) -> MarkerBody:
    """Of a field that is there twice, a failure counts in either place."""
    fields = _fields(document, _FIELDS)
    said = [_word(outcome) for outcome in fields["outcome"]]
    codes = [_exit_code(code) for code in fields["exitcode"]]
    manifests = [_manifest(entries) for entries in fields["checkpoint"]]
    messages = [_message(message) for message in fields["message"]]
    exit_code = next((code for code, _ in codes if code), codes[-1][0] if codes else None)
    unknown = [outcome for outcome, word in zip(fields["outcome"], said, strict=True) if not _is_known(word)]
    odd_codes = [code for code, (_, known) in zip(fields["exitcode"], codes, strict=True) if not known]
    problems = [
        *["a field is there twice" for values in fields.values() if len(values) > 1][:1],
        *[f"outcome {_shown(outcome)}" for outcome in unknown],
        *[f"exit_code {_shown(code)}" for code in odd_codes],
        *["checkpoint" for _, known in manifests if not known],
        *["message" for _, known in messages if not known],
    ]
    return MarkerBody(
        failed=not _FAILED.isdisjoint(said) or bool(exit_code),
        exit_code=exit_code,
        message=messages[-1][0] if messages else "",
        manifest=tuple(entry for entries, _ in manifests for entry in entries),
        not_understood=", ".join(problems),
    )


def _fields(document: _Object, names: frozenset[str]) -> defaultdict[str, list[object]]:
    """All values of these keys, in one spelling: ``exitCode`` and ``Exit Code`` are ``exit_code``."""
    values = defaultdict[str, list[object]](list)
    for key, value in document.pairs:
        name = re.sub(r"[\W_]", "", key).casefold()
        if name in names:
            values[name].append(value)
    return values


def _is_known(word: str) -> bool:
    return not word or word in _SUCCEEDED | _FAILED


def _word(value: object) -> str:
    """Text without regard to letter case and spaces around it; another type is a word that nobody knows."""
    if value is None:
        return ""
    return value.strip().casefold() or " " if isinstance(value, str) else f"a {type(value).__name__}"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return ascii(value) if _SHOWN_WORD.fullmatch(value) else f"of {len(value)} characters"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, _Object) else ascii(value)


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
        fields = _fields(entry if isinstance(entry, _Object) else _Object(()), _ENTRY_FIELDS)
        key, size = (next(iter(fields[name]), None) for name in ("key", "size"))
        whole = isinstance(key, str) and key != "" and not any("\ud800" <= sign <= "\udfff" for sign in key)
        once = all(len(values) <= 1 for values in fields.values())
        if whole and once and (size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0)):
            yield ManifestEntry(cast("str", key), size)
