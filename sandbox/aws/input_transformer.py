"""What a rule's target gets in place of the event: a path of it, a constant, or a template filled from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"<([\w.-]+)>")


def transformed(target: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
    """The target's input for an event."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return value_at(target["InputPath"], event)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return dict(event)
    values = {name: value_at(path, event) for name, path in transformer.get("InputPathsMap", {}).items()}
    return _filled(transformer["InputTemplate"], {**values, "aws.events.event.json": event, "aws.events.event": event})


def value_at(path: str, event: Mapping[str, Any]) -> Any:
    """A path of plain fields, as ``$.detail.object.key``; None where nothing is."""
    value: Any = event
    for step in path.removeprefix("$").split(".")[1:]:
        value = value.get(step) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return value  # pyright: ignore[reportUnknownVariableType]


def _filled(template: str, values: Mapping[str, Any]) -> Any:
    """Within a JSON string a value stands as text, outside of one as JSON."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', template)
    return json.loads("".join(_with_values(part, values) for part in parts))


def _with_values(part: str, values: Mapping[str, Any]) -> str:
    quoted = part.startswith('"')
    return _PLACEHOLDER.sub(lambda found: _written(values[found[1]], quoted=quoted), part)


def _written(value: Any, *, quoted: bool) -> str:
    if not quoted:
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
