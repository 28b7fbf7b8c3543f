from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.input_transformer import transformed

EVENT: dict[str, Any] = {"source": "aws.s3", "detail": {"object": {"key": 'a "b"/done', "size": 5}}}
PATHS = {"key": "$.detail.object.key", "size": "$.detail.object.size", "none": "$.detail.nothing.here"}


@pytest.mark.parametrize(
    ("target", "got"),
    [
        ({}, EVENT),
        ({"Input": '{"trigger": "heartbeat"}'}, {"trigger": "heartbeat"}),
        ({"InputPath": "$.detail.object"}, EVENT["detail"]["object"]),
        ({"InputPath": "$"}, EVENT),
    ],
    ids=["whole event", "constant", "path", "root"],
)
def test_a_target_gets_the_event_a_part_of_it_or_a_constant(target: dict[str, Any], got: object) -> None:
    assert transformed(target, EVENT) == got


@pytest.mark.parametrize(
    ("template", "got"),
    [
        ('{"key": <key>, "size": <size>}', {"key": 'a "b"/done', "size": 5}),
        ('{"text": "<key> has <size> bytes"}', {"text": 'a "b"/done has 5 bytes'}),
        ('{"event": <aws.events.event.json>}', {"event": EVENT}),
        ('{"gone": <none>}', {"gone": None}),
        ('"<size>"', "5"),
    ],
    ids=["as JSON", "within a string", "whole event", "missing field", "text alone"],
)
def test_a_template_is_filled_from_the_paths_of_the_event(template: str, got: object) -> None:
    target = {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    assert transformed(target, EVENT) == got


def test_a_template_that_names_no_path_of_its_own_is_refused() -> None:
    with pytest.raises(KeyError, match="other"):
        transformed({"InputTransformer": {"InputTemplate": '{"a": <other>}'}}, EVENT)
