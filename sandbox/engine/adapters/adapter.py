"""What an adapter is, and the words that adapters share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from botocore.exceptions import ClientError

T = TypeVar("T")

Inputs = dict[str, Any]
Outputs = dict[str, Any]
Created = tuple[str, Outputs]
"""A physical id, and the outputs that are no inputs."""


def _nothing_in_place(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old, new
    raise NotImplementedError(f"{identity}: every property of this type forces a replacement")


@dataclass(frozen=True)
class Adapter:
    """One type of resource in moto. Keys are Pulumi's; ``tags`` are all that the resource is to have.

    ``create`` takes a logical name, which makes a physical one where the inputs have none, and inputs. ``read`` takes
    an id and the outputs as last known; it returns what AWS says now, or None when the resource is gone. ``update``
    takes an id, the old outputs and the new inputs, and returns what only AWS knows. ``not_in_moto``: inputs that say
    something to the provider itself, or that moto's request has no place for.
    """

    create: Callable[[str, Inputs], Created]
    read: Callable[[str, Outputs], Outputs | None]
    delete: Callable[[str, Outputs], None]
    update: Callable[[str, Outputs, Inputs], Outputs] = _nothing_in_place
    not_in_moto: frozenset[str] = frozenset()


class ReadInputs(dict[str, Any]):
    """Inputs that know which of them were read: what an adapter drops must not be dropped in silence."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        super().__init__({key: _watched(value) for key, value in inputs.items()})
        self._read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None, /) -> Any:
        """As a dict does."""
        self._read.add(key)
        return super().get(key, default)

    def items(self) -> Any:
        """As a dict does: all of it counts as read."""
        self._read.update(self)
        return super().items()

    def unread(self, but: frozenset[str] = frozenset()) -> Iterator[str]:
        """The paths of what nobody asked for. An object that was handed on as a whole was read as a whole."""
        for key in sorted(set(self) - but):
            value = super().__getitem__(key)
            if key not in self._read:
                yield key
            elif isinstance(value, ReadInputs) and value.was_opened:
                yield from (f"{key}.{inner}" for inner in value.unread())

    @property
    def was_opened(self) -> bool:
        """Whether single entries were read."""
        return bool(self._read)


def _watched(value: Any) -> Any:
    return ReadInputs(cast("Mapping[str, Any]", value)) if isinstance(value, dict) else value


def physical_name(name: str, inputs: Inputs) -> str:
    """The name that was given, or Pulumi's: the logical one and seven characters."""
    return inputs.get("name") or f"{name}-{uuid.uuid4().hex[:7]}"


def pascal(value: Any) -> Any:
    """Pulumi's camelCase keys as boto3's PascalCase; numbers that came as floats as what they are."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key[0].upper() + key[1:]: pascal(inner) for key, inner in entries.items()}
    if isinstance(value, list):
        return [pascal(inner) for inner in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def camel(value: Any) -> Any:
    """boto3's PascalCase keys as Pulumi's camelCase."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key[0].lower() + key[1:]: camel(inner) for key, inner in entries.items()}
    return [camel(inner) for inner in cast("list[Any]", value)] if isinstance(value, list) else value


def picked(inputs: Inputs, names: Mapping[str, str]) -> dict[str, Any]:
    """Those of the optional inputs that are given, under boto3's names."""
    return {botos: pascal(inputs[pulumis]) for pulumis, botos in names.items() if inputs.get(pulumis) is not None}


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_map(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Tags as Pulumi has them."""
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def retag(
    old: Outputs,
    new: Inputs,
    write: Callable[[dict[str, str]], object],
    remove: Callable[[list[str]], object],
) -> None:
    """Write the tags that changed, and remove, by their keys, those of the last known state that are not wanted now."""
    before: Mapping[str, str] = old.get("tagsAll") or old.get("tags") or {}
    after: Mapping[str, str] = new.get("tags") or {}
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if changed:
        write(changed)
    unwanted = sorted(set(before) - set(after))
    if unwanted:
        remove(unwanted)


def same_json(known: Any, text: str) -> str:
    """The text as it was declared, as long as it says the same as AWS's."""
    try:
        same = isinstance(known, str) and json.loads(known) == json.loads(text)
    except ValueError:
        same = False
    return known if same else text


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that there is no such thing."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "404"))


def unless_missing(ask: Callable[[], T]) -> T | None:
    """The answer; None when there is no such thing."""
    try:
        return ask()
    except ClientError as error:
        if is_missing(error):
            return None
        raise
