"""What the SDK says of a resource type: which properties it takes, which it needs, which AWS fills in."""

from __future__ import annotations

import importlib
import inspect
import keyword
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Union, cast

# The SDK has no public way to its own types; these are what its generated code is made of.
from pulumi._types import (
    input_type_py_to_pulumi_names,
    input_type_types,
    is_input_type,
    resource_py_to_pulumi_names,
    resource_types,
)

from sandbox.engine.values import UNKNOWN


@dataclass(frozen=True)
class ResourceType:
    """A resource type of the SDK, by Pulumi's names of its properties."""

    token: str
    inputs: Mapping[str, Any]
    required: frozenset[str]
    outputs: frozenset[str]
    optional_outputs: frozenset[str]
    """Outputs that may be absent for good: what is no input and not among them is known once the resource is there."""

    def is_filled_in(self, name: str) -> bool:
        """Whether AWS chooses a value where the program gives none."""
        return name in self.outputs and name not in self.optional_outputs

    @property
    def has_tags_of_all_levels(self) -> bool:
        """Whether the provider merges its default tags into the resource's."""
        return "tags" in self.inputs and "tagsAll" in self.outputs

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Path and reason of each property that is unknown to the type, or missing."""
        yield from _object_problems(self.inputs, self.required, inputs, "")


@cache
def resource_type(token: str) -> ResourceType | None:
    """The type with a token, such as ``aws:ec2/instance:Instance``; None when the SDK has no such type."""
    package, _, rest = token.partition(":")
    module_path, _, name = rest.partition(":")
    module_name = module_path.partition("/")[0]
    if package != "aws" or not name:
        return None
    suffix = "_" if keyword.iskeyword(module_name) else ""
    try:
        module = importlib.import_module(f"pulumi_aws.{module_name}{suffix}")
        resource, args = getattr(module, name), getattr(module, f"{name}Args")
    except (ImportError, AttributeError):
        return None
    inputs, required = _args(args)
    return ResourceType(
        token=token,
        inputs=inputs,
        required=required,
        outputs=frozenset(resource_types(resource)),
        optional_outputs=frozenset(_optional_outputs(resource)),
    )


@cache
def _args(args: type) -> tuple[Mapping[str, Any], frozenset[str]]:
    names = input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args).parameters.values()
    needed = (parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty)
    return input_type_types(args), frozenset(names.get(name, name) for name in needed)


def _optional_outputs(resource: type) -> Iterator[str]:
    for python_name, pulumi_name in resource_py_to_pulumi_names(resource).items():
        getter: Any = getattr(resource, python_name).fget
        (content,) = typing.get_args(typing.get_type_hints(getter)["return"])
        if type(None) in typing.get_args(content):
            yield pulumi_name


def nested_args(expected: Any) -> type | None:
    """The args class of an object property, or of the entries of a list of objects; None for what is no object."""
    if isinstance(expected, type) and is_input_type(expected):
        return expected
    if typing.get_origin(expected) in (Union, types.UnionType):
        found = (nested_args(member) for member in typing.get_args(expected))
        return next((each for each in found if each), None)
    return None


def nested_types(expected: Any) -> Mapping[str, Any] | None:
    """The properties of an object property with their types; None for what is no object."""
    args = nested_args(expected)
    return _args(args)[0] if args else None


def _entry_args(expected: Any) -> type | None:
    """The args class of the entries of a list."""
    return next((found for found in map(nested_args, typing.get_args(expected)) if found), None)


def _object_problems(
    known: Mapping[str, Any], required: frozenset[str], given: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    for name in sorted(required - set(given)):
        yield f"{path}{name}", "is required"
    for name, value in given.items():
        if name not in known:
            yield f"{path}{name}", "is no property of this type"
        elif value != UNKNOWN:
            yield from _value_problems(known[name], value, f"{path}{name}")


def _value_problems(expected: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    args = nested_args(expected)
    if args and isinstance(value, Mapping):
        yield from _object_problems(*_args(args), cast("Mapping[str, Any]", value), f"{path}.")
    elif isinstance(value, list) and (entry := _entry_args(expected)):
        for index, each in enumerate(cast("list[Any]", value)):
            if isinstance(each, Mapping):
                yield from _object_problems(*_args(entry), cast("Mapping[str, Any]", each), f"{path}[{index}].")
