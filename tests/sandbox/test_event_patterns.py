from __future__ import annotations

from typing import Any

import pytest

from sandbox.event_patterns import PatternError, matches

EVENT: dict[str, Any] = {
    "source": "aws.s3",
    "detail": {"bucket": {"name": "outputs"}, "object": {"key": "runs/a/done", "size": 5}},
    "resources": ["arn:aws:s3:::outputs"],
}


def _key(*entries: object) -> dict[str, Any]:
    return {"detail": {"object": {"key": list(entries)}}}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"source": ["aws.s3"]},
        {"source": ["aws.ec2", "aws.s3"]},
        {"resources": ["arn:aws:s3:::outputs"]},
        _key("runs/a/done"),
        _key({"prefix": "runs/"}),
        _key({"suffix": "/done"}),
        _key({"wildcard": "runs/*done"}),
        _key({"wildcard": "runs/a/done*"}),
        _key({"equals-ignore-case": "RUNS/A/DONE"}),
        _key({"anything-but": ["runs/b/done"]}),
        _key({"anything-but": {"prefix": "other/"}}),
        {"detail": {"object": {"etag": [{"exists": False}]}}},
    ],
)
def test_an_event_matches_when_every_field_of_the_pattern_does(pattern: dict[str, Any]) -> None:
    assert matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.ec2"]},
        {"detail": {"object": {"size": ["5"]}}},
        {"detail-type": ["Object Created"]},
        _key("done"),
        _key({"wildcard": "*/done/*"}),
        _key({"wildcard": "runs\\*done"}),
        _key({"anything-but": "runs/a/done"}),
        {"detail": {"object": {"key": [{"exists": False}]}}},
    ],
)
def test_an_event_does_not_match_when_one_field_does_not(pattern: dict[str, Any]) -> None:
    assert not matches(pattern, EVENT)


@pytest.mark.parametrize("entry", [{"regex": "x"}, {"wildcard": "a**b"}, {"prefix": "a", "suffix": "b"}])
def test_a_pattern_that_eventbridge_refuses_is_refused(entry: object) -> None:
    with pytest.raises(PatternError):
        matches(_key(entry), EVENT)
