from __future__ import annotations

import json
from typing import Any

import pytest

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
        ({"outcome": "succeeded"}, MarkerBody()),
        ({"outcome": " Succeeded\n"}, MarkerBody()),
        ({"outcome": "success"}, MarkerBody()),
        ({"outcome": "failed", "exit_code": 137}, MarkerBody(failed=True, exit_code=137)),
        ({"outcome": "FAILED"}, MarkerBody(failed=True)),
        ({"outcome": "failure"}, MarkerBody(failed=True)),
        ({"outcome": "error"}, MarkerBody(failed=True)),
        ({"outcome": "succeeded", "exit_code": 1}, MarkerBody(failed=True, exit_code=1)),
        ({"exit_code": 0}, MarkerBody(exit_code=0)),
        ({"exit_code": -9}, MarkerBody(failed=True, exit_code=-9)),
        ({"exit_code": "1"}, MarkerBody(failed=True, exit_code=1)),
        ({"exit_code": "0"}, MarkerBody(exit_code=0)),
        ({"exit_code": 1.0}, MarkerBody(failed=True, exit_code=1)),
        ({"exitCode": 1}, MarkerBody(failed=True, exit_code=1)),
        ({"Exit Code": 1}, MarkerBody(failed=True, exit_code=1)),
        ({"exit.code": 1}, MarkerBody(failed=True, exit_code=1)),
        ({"Outcome": "failed"}, MarkerBody(failed=True)),
        ({"message": "loss 0.31 ✓"}, MarkerBody(message="loss 0.31 ✓")),
        ({"outcome": None, "exit_code": None, "message": None, "checkpoint": None}, MarkerBody()),
        ({"checkpoint": []}, MarkerBody()),
        ({"epoch": 40, "nested": {"a": [1], "exit_code": 5}}, MarkerBody()),
        ({"checkpoint": [{"key": "a.pt"}]}, MarkerBody(manifest=(ManifestEntry("a.pt", None),))),
        ({"checkpoint": [{"Key": "a.pt", "Size": 9}]}, MarkerBody(manifest=(ManifestEntry("a.pt", 9),))),
        (
            {"checkpoint": [{"key": "a.pt", "size": 0, "sha256": "x"}, {"key": "b/ä.pt", "size": 2**40}]},
            MarkerBody(manifest=(ManifestEntry("a.pt", 0), ManifestEntry("b/ä.pt", 2**40))),
        ),
    ],
)
def test_a_body_tells_what_it_tells_and_every_field_may_be_left_out(document: dict[str, Any], body: MarkerBody) -> None:
    assert _read(**document) == body


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"outcome": "deadline"}, "outcome 'deadline'"),
    ({"outcome": "sucess"}, "outcome 'sucess'"),
    ({"outcome": ""}, "outcome ''"),
    ({"outcome": ["failed"]}, "outcome a list"),
    ({"outcome": "401 hf_ABCDEFGHIJKLMNOPQRSTUVWXYZ"}, "outcome of 33 characters"),
    ({"exit_code": "sk-proj-0123"}, "exit_code of 12 characters"),
    ({"outcome": True}, "outcome True"),
    ({"exit_code": "SIGKILL"}, "exit_code 'SIGKILL'"),
    ({"exit_code": 1.5}, "exit_code 1.5"),
    ({"exit_code": True}, "exit_code True"),
    ({"exit_code": float("nan")}, "exit_code nan"),
    ({"exit_code": float("inf")}, "exit_code inf"),
    ({"message": 5}, "message"),
    ({"checkpoint": "a.pt"}, "checkpoint"),
    ({"checkpoint": ""}, "checkpoint"),
    ({"checkpoint": {"key": "a.pt"}}, "checkpoint"),
    ({"checkpoint": ["a.pt"]}, "checkpoint"),
    ({"checkpoint": [{}]}, "checkpoint"),
    ({"checkpoint": [{"key": ""}]}, "checkpoint"),
    ({"checkpoint": [{"key": 5}]}, "checkpoint"),
    ({"checkpoint": [{"key": "\ud800.pt"}]}, "checkpoint"),
    ({"checkpoint": [{"key": "a.pt", "size": -1}]}, "checkpoint"),
    ({"checkpoint": [{"key": "a.pt", "size": "9"}]}, "checkpoint"),
    ({"checkpoint": [{"key": "a.pt", "size": True}]}, "checkpoint"),
    ({"checkpoint": [{"key": "a.pt", "size": 9.5}]}, "checkpoint"),
    ({"checkpoint": [{"key": "a.pt", "Key": "b.pt"}]}, "checkpoint"),
    ({"exit_code": 0, "exitCode": 1}, "a field is there twice"),
]


@pytest.mark.parametrize(("document", "problem"), WRONG)
def test_a_field_of_an_unknown_form_is_named(document: dict[str, Any], problem: str) -> None:
    assert _read(**document).not_understood == problem


@pytest.mark.parametrize("document", [wrong for wrong, _ in WRONG if "outcome" not in wrong])
def test_a_failure_that_one_field_tells_of_counts_whatever_else_is_odd(document: dict[str, Any]) -> None:
    assert _read(**{"outcome": "failed", **document}).failed


def test_every_entry_of_a_manifest_that_is_understood_is_read() -> None:
    assert _read(checkpoint=[{"key": "a.pt"}, "b.pt"]).manifest == (ManifestEntry("a.pt", None),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"done",
        b"failed",
        b"2026-03-02T11:00:00Z",
        b"[2026-03-02 11:00] finished",
        b"5",
        b"1772449200.5",
        b"null",
        b"true",
        b'"done"',
        b"\x00\x01\x02",
        b"\x80\x04\x95",
        b"[2026-03-02 11:00] finished".ljust(MAX_BODY_BYTES, b"x"),
    ],
    ids=_shown,
)
def test_text_is_just_a_marker(body: bytes) -> None:
    assert parse_body(body) == MarkerBody()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"false", "false where a JSON object is expected"),
        (b"[]", "a list where a JSON object is expected"),
        (b'[{"message": "HF_TOKEN=hf_0123"}]', "a list where a JSON object is expected"),
        (b'[1, {"outcome": "failed"},]', "no valid JSON"),
        (b"""'{"outcome": "failed"}'""", "no valid JSON"),
        (b"\x1f\x8b\x08", "compressed with gzip"),
        (b" " * MAX_BODY_BYTES, "cut off at 65536 bytes"),
        (b'{"outcome": "succeeded"}'.ljust(MAX_BODY_BYTES), "cut off at 65536 bytes"),
        (b'[1, {"outcome": "failed", "log": "'.ljust(MAX_BODY_BYTES, b"x"), "cut off at 65536 bytes"),
        (b'{"outcome": "succeeded"', "no valid JSON"),
        (b'{"outcome": "succeeded"} trailing', "no valid JSON"),
        (b"{'outcome': 'succeeded'}", "no valid JSON"),
        (b'{"exit_code": ' + b"9" * 5000 + b"}", "no valid JSON"),
        (b"[" * MAX_BODY_BYTES, "cut off at 65536 bytes"),
    ],
    ids=_shown,
)
def test_what_was_meant_as_json_and_is_not_understood_is_said(body: bytes, problem: str) -> None:
    assert parse_body(body) == MarkerBody(not_understood=problem)


@pytest.mark.parametrize(
    "body",
    [
        b'"failed"',
        b'{"exit_code": 1, "exit_code": 0}',
        b'{"outcome": "failed", "outcome": "succeeded"}',
        json.dumps('{"outcome": "failed"}').encode(),
        '\ufeff\ufeff{"outcome": "failed"}'.encode(),
        '\u200b{"outcome": "failed"}'.encode(),
    ],
    ids=_shown,
)
def test_a_failure_is_understood_however_it_is_written(body: bytes) -> None:
    assert parse_body(body).failed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_read_in_every_encoding_that_it_may_have(encoding: str) -> None:
    assert parse_body('{"outcome": "failed"}'.encode(encoding)) == MarkerBody(failed=True)


def test_bytes_that_are_no_text_spoil_only_the_field_that_has_them() -> None:
    assert parse_body(b'{"outcome": "failed", "message": "\xff"}').failed


def test_half_a_character_is_replaced() -> None:
    assert parse_body(b'{"message": "half a \\ud83d"}').message == "half a ?"


def test_a_long_message_is_cut() -> None:
    assert _read(message="x" * 1000).message == "x" * 200


def test_an_object_that_is_longer_than_what_is_read_is_not_understood() -> None:
    body = json.dumps({"outcome": "failed", "message": "x" * MAX_BODY_BYTES}).encode()
    assert parse_body(body[:MAX_BODY_BYTES]).not_understood == "cut off at 65536 bytes"
