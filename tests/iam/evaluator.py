"""An evaluator of IAM policies: what is allowed, by the rules of IAM, as far as our policies use them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
An operator, a policy variable or an element that it does not know is an error, never a silent "no".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

Policy = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]

_KNOWN_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}


def is_allowed(
    policies: Policy | Sequence[Policy],
    action: str,
    resource: str,
    context: Context | None = None,
    *,
    principal: str | None = None,
) -> bool:
    """Whether some statement allows the request and none denies it.

    ``context`` holds the request's condition keys, whose names ignore case. ``principal`` is the service or the ARN
    that asks, for trust and resource policies.
    """
    documents = [policies] if isinstance(policies, Mapping) else policies
    keys = {key.lower(): _list(value) for key, value in (context or {}).items()}
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _statements(document)
        if _applies(statement, action, resource, keys, principal)
    }
    return "Allow" in effects and "Deny" not in effects


def _statements(document: Policy) -> list[Policy]:
    assert document["Version"] == "2012-10-17"
    statements: Any = document["Statement"]
    return [statements] if isinstance(statements, Mapping) else list(statements)


def _list(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str | bool) else [str(entry) for entry in value]


def _applies(
    statement: Policy, action: str, resource: str, keys: Mapping[str, list[str]], principal: str | None
) -> bool:
    unknown = set(statement) - _KNOWN_ELEMENTS
    if unknown:
        raise NotImplementedError(f"elements {sorted(unknown)}")
    return (
        _named(statement, "Action", action, ignore_case=True)
        and _named(statement, "Resource", resource)
        and _asked_by(statement, principal)
        and all(
            _holds(operator, key, _list(wanted), keys)
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in cast("Mapping[str, Any]", tests).items()
        )
    )


def _named(statement: Policy, element: str, value: str, *, ignore_case: bool = False) -> bool:
    """Trust policies have no resource: they speak of their own role."""
    if f"Not{element}" in statement:
        return not _any_like(_list(statement[f"Not{element}"]), value, ignore_case=ignore_case)
    if element not in statement:
        return element == "Resource" and "Principal" in statement
    return _any_like(_list(statement[element]), value, ignore_case=ignore_case)


def _asked_by(statement: Policy, principal: str | None) -> bool:
    if "Principal" not in statement:
        return principal is None
    named = {each for kind in statement["Principal"].values() for each in _list(kind)}
    return principal is not None and not named.isdisjoint({principal, "*"})


def _any_like(patterns: Iterable[str], value: str, *, ignore_case: bool = False) -> bool:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return any(_expression(pattern, flags).fullmatch(value) for pattern in patterns)


@cache
def _expression(pattern: str, flags: int) -> re.Pattern[str]:
    if "${" in pattern:
        raise NotImplementedError(f"policy variable in {pattern}")
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), flags)


def _like(wanted: str, value: str) -> bool:
    return _any_like([wanted], value)


def _arn_like(wanted: str, value: str) -> bool:
    """Each of the six parts of an ARN on its own: a wildcard does not reach across a colon."""
    ours, theirs = wanted.split(":", 5), value.split(":", 5)
    return len(ours) == len(theirs) and all(_like(part, other) for part, other in zip(ours, theirs, strict=True))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _holds(operator: str, key: str, wanted: list[str], keys: Mapping[str, list[str]]) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html."""
    quantifier, _, plain = operator.rpartition(":")
    values = keys.get(key.lower())
    if plain == "Null":
        return (values is None) == (wanted[0].lower() == "true")
    if plain.endswith("IfExists"):
        plain = plain.removesuffix("IfExists")
        if values is None:
            return True
    if plain in _NEGATED:
        return values is None or not _match(quantifier, _NEGATED[plain], wanted, values)
    if values is None:
        return quantifier == "ForAllValues"
    return _match(quantifier, plain, wanted, values)


def _match(quantifier: str, operator: str, wanted: list[str], values: list[str]) -> bool:
    if operator not in _OPERATORS or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise NotImplementedError(f"operator {quantifier}:{operator}")
    test = _OPERATORS[operator]
    matched = [any(test(pattern, value) for pattern in wanted) for value in values]
    return all(matched) if quantifier == "ForAllValues" else any(matched)
