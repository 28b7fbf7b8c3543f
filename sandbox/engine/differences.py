"""What a change of inputs changes, compared with what is there, as the provider sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from sandbox.engine.sdk_types import ResourceType, nested_types
from sandbox.engine.values import UNKNOWN, file_hash, is_file

_JSON = {"assumeRolePolicy", "dashboardBody", "eventPattern", "policy"}
"""Texts that the provider compares by what they say: verify.SuppressEquivalentPolicyDiffs and its like."""
_SETS = {"alarmActions", "insufficientDataActions", "okActions", "secondaryPrivateIps", "vpcSecurityGroupIds"}
"""Lists without an order: schema.TypeSet."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EMPTY: tuple[Any, ...] = (None, "", False, 0, [], {})


class Kind(Enum):
    """What becomes of a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One property that is not as it should be; ``path`` as Pulumi writes it."""

    path: str
    kind: Kind


@dataclass(frozen=True)
class Difference:
    """What an update would change. ``replaced``: the paths that cannot be changed in place."""

    changes: Sequence[Change]
    replaced: frozenset[str]
    delete_before_replace: bool


def changes(
    kind: ResourceType, state: Mapping[str, Any], old_inputs: Mapping[str, Any], new_inputs: Mapping[str, Any]
) -> list[Change]:
    """From what is there, which is the state, to what is declared now.

    What is no longer declared is taken away, unless AWS chooses a value of its own for it.
    """
    found: list[Change] = []
    for name in sorted({*old_inputs, *new_inputs} - {"__defaults"}):
        before = state.get(name, old_inputs.get(name))
        if name in new_inputs:
            place = _Place(name, name, kind.inputs.get(name))
            found += _compared(place, old_inputs.get(name), before, new_inputs[name])
        elif not _is_empty(before) and not kind.is_filled_in(name):
            found.append(Change(name, Kind.DELETE))
    return found


def with_ignored(state: Mapping[str, Any], inputs: Mapping[str, Any], ignored: Collection[str]) -> dict[str, Any]:
    """The inputs, with what is there wherever a path is ignored: a change there is no change."""
    kept: dict[str, Any] = json.loads(json.dumps(dict(inputs)))
    for path in ignored:
        _keep(kept, dict(state), list(_steps(path)))
    return kept


def _keep(target: dict[str, Any], source: Any, steps: list[str]) -> None:
    first, *rest = steps
    if not isinstance(source, Mapping):
        return
    known = cast("Mapping[str, Any]", source)
    if rest:
        inner = target.get(first)
        if isinstance(inner, dict):
            _keep(cast("dict[str, Any]", inner), known.get(first), rest)
    elif first in known:
        target[first] = known[first]
    else:
        target.pop(first, None)


def _steps(path: str) -> Iterator[str]:
    for quoted, plain in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|([^.\[\]]+)', path):
        yield quoted or plain


@dataclass(frozen=True)
class _Place:
    """Where in a resource's properties something is, and of what type."""

    path: str
    name: str
    expected: Any

    def entry(self, key: str) -> _Place:
        types = nested_types(self.expected) or {}
        path = f"{self.path}.{key}" if _IDENTIFIER.fullmatch(key) else f'{self.path}["{key}"]'
        return _Place(path, key, types.get(key))

    def item(self, index: int) -> _Place:
        return _Place(f"{self.path}[{index}]", self.name, None)


def _compared(place: _Place, declared: Any, before: Any, after: Any) -> Iterator[Change]:
    if _is_empty(before) and _is_empty(after):
        return
    if after == UNKNOWN or _is_empty(before):
        yield Change(place.path, Kind.ADD if _is_empty(before) else Kind.UPDATE)
    elif is_file(after):
        if not is_file(before) or file_hash(before) != file_hash(after):
            yield Change(place.path, Kind.UPDATE)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _entries(place, declared, cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", after))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(place, cast("list[Any]", before), cast("list[Any]", after))
    elif not _same(place.name, before, after):
        yield Change(place.path, Kind.UPDATE)


def _entries(place: _Place, declared: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """A map has what is declared and nothing else; an object also has what AWS fills in."""
    was_declared = cast("Mapping[str, Any]", declared if isinstance(declared, Mapping) else {})
    is_object = nested_types(place.expected) is not None
    for key in sorted({*before, *after}):
        if key in after:
            yield from _compared(place.entry(key), was_declared.get(key), before.get(key), after[key])
        elif not is_object or key in was_declared:
            yield Change(place.entry(key).path, Kind.DELETE)


def _items(place: _Place, before: list[Any], after: list[Any]) -> Iterator[Change]:
    if place.name in _SETS:
        before, after = sorted(before, key=str), sorted(after, key=str)
    for index in range(max(len(before), len(after))):
        inner = place.item(index)
        if index >= len(after):
            yield Change(inner.path, Kind.DELETE)
        elif index >= len(before):
            yield Change(inner.path, Kind.ADD)
        else:
            yield from _compared(inner, None, before[index], after[index])


def _same(name: str, before: Any, after: Any) -> bool:
    if name == "maxPrice":
        # ec2/ec2_instance.go compares prices without the zeros at their ends.
        return str(before).rstrip("0") == str(after).rstrip("0")
    if name in _JSON and isinstance(before, str) and isinstance(after, str):
        try:
            return json.loads(before) == json.loads(after)
        except ValueError:
            return before == after
    return before == after


def _is_empty(value: Any) -> bool:
    return value in _EMPTY
