"""Event patterns as EventBridge matches them: every operator but ``cidr``.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, cast


class PatternError(ValueError):
    """A pattern that EventBridge would refuse, or an operator that is not known here."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Every field of the pattern matches: nested objects field by field, lists by any of their entries.

    Raises:
        PatternError: for a pattern that EventBridge would refuse.
    """
    return all(_field_matches(expected, event, field) for field, expected in pattern.items())


def _field_matches(expected: Any, event: Mapping[str, Any], field: str) -> bool:
    if field == "$or":
        return any(matches(alternative, event) for alternative in cast("list[Mapping[str, Any]]", expected))
    if isinstance(expected, Mapping):
        inner = event.get(field)
        below = cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else cast("Mapping[str, Any]", {})
        return matches(cast("Mapping[str, Any]", expected), below)
    if not isinstance(expected, list) or not expected:
        raise PatternError(f"{field}: got {expected!r}; accepted: an object or a list that is not empty")
    values: list[Any] = cast("list[Any]", event[field]) if isinstance(event.get(field), list) else [event.get(field)]
    present = field in event
    # All of them: a wrong entry is refused even where an earlier one matches.
    found = [_entry_matches(entry, value, present=present) for entry in cast("list[Any]", expected) for value in values]
    return any(found)


def _entry_matches(entry: Any, value: Any, *, present: bool) -> bool:
    if not isinstance(entry, Mapping):
        return present and _equal(entry, value)
    if len(cast("Mapping[str, Any]", entry)) != 1:
        raise PatternError(f"got {entry!r}; accepted: one operator")
    ((name, operand),) = cast("Mapping[str, Any]", entry).items()
    if name == "exists":
        return present is operand
    if name not in _OPERATORS:
        raise PatternError(f"got operator {name!r}; accepted: {', '.join(sorted((*_OPERATORS, 'exists')))}")
    return _OPERATORS[name](operand, value) and present


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(entry: Any, value: Any) -> bool:
    """Numbers by their value (300 is 300.0), all else also by its type."""
    if _is_number(entry) and _is_number(value):
        return entry == value
    return type(entry) is type(value) and entry == value


def _affix(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """``prefix`` and ``suffix``, whose operand may ask to ignore the case."""

    def matches_affix(operand: Any, value: Any) -> bool:
        if isinstance(operand, Mapping):
            wanted = cast("Mapping[str, str]", operand)["equals-ignore-case"]
            return isinstance(value, str) and test(value.lower(), wanted.lower())
        return isinstance(value, str) and test(value, operand)

    return matches_affix


def _equals_ignoring_case(operand: str, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == operand.lower()


def _wildcard(operand: str, value: Any) -> bool:
    """``*`` matches any number of characters; a backslash before it or before a backslash makes it literal."""
    parts = re.findall(r"\\.?|\*|[^\\*]+", operand, re.DOTALL)
    if any(part.startswith("\\") and part not in {"\\\\", "\\*"} for part in parts):
        raise PatternError(f"wildcard: got {operand!r}; accepted: a backslash only before * or a backslash")
    if any(one == two == "*" for one, two in pairwise(parts)):
        raise PatternError(f"wildcard: got {operand!r}; accepted: no two * in a row")
    expression = "".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts)
    return isinstance(value, str) and re.fullmatch(expression, value, re.DOTALL) is not None


def _numeric(operand: list[Any], value: Any) -> bool:
    """Comparisons in pairs: ``[">", 0, "<=", 5]``."""
    signs, bounds = operand[::2], operand[1::2]
    if len(signs) != len(bounds) or not set(signs) <= set(_COMPARISONS) or not all(map(_is_number, bounds)):
        raise PatternError(f"numeric: got {operand!r}; accepted: pairs of {', '.join(_COMPARISONS)} and a number")
    return _is_number(value) and all(
        _COMPARISONS[sign](value, bound) for sign, bound in zip(signs, bounds, strict=True)
    )


def _anything_but(operand: Any, value: Any) -> bool:
    """A value, a list of them, or one further operator with a value or a list of them."""
    if isinstance(operand, Mapping):
        ((name, inner),) = cast("Mapping[str, Any]", operand).items()
        if name not in {"prefix", "suffix", "wildcard", "equals-ignore-case"}:
            raise PatternError(f"anything-but: got operator {name!r}; accepted: a string operator")
        refused: list[Any] = cast("list[Any]", inner) if isinstance(inner, list) else [inner]
        return not any(_OPERATORS[name](entry, value) for entry in refused)
    refused = cast("list[Any]", operand) if isinstance(operand, list) else [operand]
    return not any(_equal(entry, value) for entry in refused)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "equals-ignore-case": _equals_ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
