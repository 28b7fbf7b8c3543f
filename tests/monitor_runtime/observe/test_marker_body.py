from __future__ import annotations

import json
from typing import Any

import pytest

from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.decide.completion import ManifestEntry, MarkerBody
from monitor_runtime.observe.marker_body import MAX_BODY_BYTES, parse_body


def _shown(body: bytes) -> str:
    return repr(body[:20])


def _read(**document: object) -> MarkerBody:
    return parse_body(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ({}, MarkerBody()),
        ({"outcome": "succeeded"}, MarkerBody(Outcome.SUCCEEDED)),
        ({"outcome": "failed", "exit_code": 137}, MarkerBody(Outcome.FAILED, 137)),
        ({"exit_code": 0}, MarkerBody(exit_code=0)),
        ({"exit_code": -9}, MarkerBody(exit_code=-9)),
        ({"message": "loss 0.31 ✓"}, MarkerBody(message="loss 0.31 ✓")),
        ({"outcome": None, "exit_code": None}, MarkerBody()),
        ({"outcome": "failed", "message": None}, MarkerBody(Outcome.FAILED)),
        ({"outcome": "failed", "checkpoint": None}, MarkerBody(Outcome.FAILED)),
        ({"checkpoint": []}, MarkerBody()),
        ({"epoch": 40, "nested": {"a": [1]}}, MarkerBody()),
        ({"checkpoint": [{"key": "a.pt"}]}, MarkerBody(manifest=(ManifestEntry("a.pt", None),))),
        (
            {"checkpoint": [{"key": "a.pt", "size": 0, "sha256": "x"}, {"key": "b/ä.pt", "size": 2**40}]},
            MarkerBody(manifest=(ManifestEntry("a.pt", 0), ManifestEntry("b/ä.pt", 2**40))),
        ),
    ],
)
def test_a_body_tells_what_it_tells_and_every_field_may_be_left_out(document: dict[str, Any], body: MarkerBody) -> None:
    assert _read(**document) == body


WRONG: list[dict[str, Any]] = [
    {"outcome": "deadline"},
    {"outcome": "SUCCEEDED"},
    {"outcome": ""},
    {"outcome": ["failed"]},
    {"outcome": True},
    {"exit_code": "0"},
    {"exit_code": 1.0},
    {"exit_code": True},
    {"message": 5},
    {"checkpoint": "a.pt"},
    {"checkpoint": ""},
    {"checkpoint": {"key": "a.pt"}},
    {"checkpoint": ["a.pt"]},
    {"checkpoint": [{}]},
    {"checkpoint": [{"key": ""}]},
    {"checkpoint": [{"key": 5}]},
    {"checkpoint": [{"key": "a.pt", "size": -1}]},
    {"checkpoint": [{"key": "a.pt", "size": "9"}]},
    {"checkpoint": [{"key": "a.pt", "size": True}]},
    {"checkpoint": [{"key": "a.pt", "size": 9.5}]},
]


@pytest.mark.parametrize("document", WRONG)
def test_one_field_of_the_wrong_type_leaves_the_whole_body_empty(document: dict[str, Any]) -> None:
    assert _read(**{"outcome": "failed", "exit_code": 1, **document}) == MarkerBody()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"done",
        b"2026-03-02T11:00:00Z",
        b"5",
        b"null",
        b'"failed"',
        b'[{"outcome": "failed"}]',
        b'{"outcome": "failed"',
        b'{"outcome": "failed"} trailing',
        b"{'outcome': 'failed'}",
        b'{"outcome": "failed", "message": "\xff\xfe"}',
        b"\x00\x01\x02",
        b"\x80\x04\x95",
        b"[" * MAX_BODY_BYTES,
        b'{"exit_code": ' + b"9" * 5000 + b"}",
        b'{"exit_code": NaN}',
        b'{"outcome": "failed", "message": "half a \\ud83d"}',
        b'{"checkpoint": [{"key": "\\ud800.pt"}]}',
    ],
    ids=_shown,
)
def test_what_is_no_json_object_is_an_empty_body(body: bytes) -> None:
    assert parse_body(body) == MarkerBody()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_read_in_every_encoding_that_it_may_have(encoding: str) -> None:
    assert parse_body('{"outcome": "failed"}'.encode(encoding)) == MarkerBody(Outcome.FAILED)


def test_a_long_message_is_cut() -> None:
    assert _read(message="x" * 1000).message == "x" * 200


def test_a_body_that_is_longer_than_what_is_read_is_an_empty_body() -> None:
    body = json.dumps({"outcome": "failed", "message": "x" * MAX_BODY_BYTES}).encode()
    assert parse_body(body[:MAX_BODY_BYTES]) == MarkerBody()
