from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.event_matching import PatternError, matches

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
        _key({"anything-but": {"wildcard": ["*/b/*", "other*"]}}),
        _key({"prefix": {"equals-ignore-case": "RUNS/"}}),
        _key({"suffix": {"equals-ignore-case": "/DONE"}}),
        {"detail": {"object": {"size": [5.0]}}},
        {"detail": {"object": {"size": [{"numeric": [">", 0, "<=", 5]}]}}},
        {"$or": [{"source": ["aws.ec2"]}, {"detail": {"object": {"size": [5]}}}]},
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
        _key({"anything-but": {"suffix": "/done"}}),
        _key({"prefix": "RUNS/"}),
        _key({"numeric": ["=", 5]}),
        {"detail": {"object": {"key": [{"exists": False}]}}},
        {"detail": {"object": {"size": [{"numeric": [">", 5]}]}}},
        {"detail": {"bucket": {"name": {"first": ["outputs"]}}}},
        {"$or": [{"source": ["aws.ec2"]}, {"detail": {"object": {"size": [6]}}}]},
    ],
)
def test_an_event_does_not_match_when_one_field_does_not(pattern: dict[str, Any]) -> None:
    assert not matches(pattern, EVENT)


@pytest.mark.parametrize(
    "entry",
    [
        {"regex": "x"},
        {"wildcard": "a**b"},
        {"wildcard": "a\\b"},
        {"prefix": "a", "suffix": "b"},
        {"numeric": [">"]},
        {"numeric": ["!", 5]},
        {"anything-but": {"numeric": ["=", 5]}},
    ],
)
def test_a_pattern_that_eventbridge_refuses_is_refused(entry: object) -> None:
    with pytest.raises(PatternError):
        matches(_key(entry), EVENT)


@pytest.mark.parametrize("pattern", [{"source": []}, {"source": "aws.s3"}])
def test_a_field_that_is_neither_an_object_nor_a_list_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(PatternError, match="source: got"):
        matches(pattern, EVENT)
