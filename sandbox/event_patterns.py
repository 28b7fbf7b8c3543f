"""Event patterns as EventBridge matches them, as far as rules on S3 and EC2 events use them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast


class PatternError(ValueError):
    """A pattern that EventBridge would refuse, or an operator that is not known here."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Every field of the pattern matches: nested objects field by field, lists by any of their entries."""
    return all(_field_matches(expected, event, field) for field, expected in pattern.items())


def _field_matches(expected: Any, event: Mapping[str, Any], field: str) -> bool:
    if isinstance(expected, Mapping):
        inner = event.get(field)
        return isinstance(inner, Mapping) and matches(
            cast("Mapping[str, Any]", expected), cast("Mapping[str, Any]", inner)
        )
    if not isinstance(expected, list) or not expected:
        raise PatternError(f"{field}: got {expected!r}; accepted: an object or a list that is not empty")
    values: list[Any] = cast("list[Any]", event[field]) if isinstance(event.get(field), list) else [event.get(field)]
    present = field in event
    return any(
        _entry_matches(entry, value, present=present) for entry in cast("list[Any]", expected) for value in values
    )


def _entry_matches(entry: Any, value: Any, *, present: bool) -> bool:
    if not isinstance(entry, Mapping):
        return present and type(entry) is type(value) and entry == value
    if len(cast("Mapping[str, Any]", entry)) != 1:
        raise PatternError(f"got {entry!r}; accepted: one operator")
    ((operator, operand),) = cast("Mapping[str, Any]", entry).items()
    if operator == "exists":
        return present is operand
    if operator not in _OPERATORS:
        raise PatternError(f"got operator {operator!r}; accepted: {', '.join(sorted((*_OPERATORS, 'exists')))}")
    return present and _OPERATORS[operator](operand, value)


def _wildcard(operand: str, value: Any) -> bool:
    """``*`` matches any number of characters; a backslash before it or before a backslash makes it literal."""
    if re.search(r"(?<!\\)\*\*", operand):
        raise PatternError(f"wildcard: got {operand!r}; accepted: no two * in a row")
    parts = re.findall(r"\\[\\*]|\*|[^\\*]+", operand)
    expression = "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
    return isinstance(value, str) and re.fullmatch(expression, value, re.DOTALL) is not None


def _anything_but(operand: Any, value: Any) -> bool:
    refused = cast("list[Any]", operand) if isinstance(operand, list) else [operand]
    return not any(_entry_matches(entry, value, present=True) for entry in refused)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "prefix": lambda operand, value: isinstance(value, str) and value.startswith(operand),
    "suffix": lambda operand, value: isinstance(value, str) and value.endswith(operand),
    "equals-ignore-case": lambda operand, value: isinstance(value, str) and value.lower() == operand.lower(),
    "wildcard": _wildcard,
    "anything-but": _anything_but,
}
