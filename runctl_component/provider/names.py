"""Names as Python and as other languages write them, in values, in paths and in prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from pulumi.provider.experimental.analyzer import PropertyDefinition, TypeDefinition


@dataclass(frozen=True)
class Shape:
    """Where in a value there are names: those of its fields, and those in the entries of a list or a mapping."""

    fields: Mapping[str, tuple[str, Shape]] = field(default_factory=dict[str, "tuple[str, Shape]"])
    """By their names in Python: the name in other languages, and what is within."""
    entries: Shape | None = None

    def names(self) -> Iterator[str]:
        """The names of all fields, in Python."""
        for name, (_, inner) in self.fields.items():
            yield name
            yield from inner.names()
        if self.entries:
            yield from self.entries.names()


def shape_of(
    properties: Mapping[str, PropertyDefinition], python_names: Mapping[str, str], types: Mapping[str, TypeDefinition]
) -> Shape:
    """The shape of what has these properties; ``python_names`` are by the names in other languages."""
    return Shape({python_names[name]: (name, _shape(each, types)) for name, each in properties.items()})


def _shape(definition: PropertyDefinition, types: Mapping[str, TypeDefinition]) -> Shape:
    entry = definition.items or definition.additional_properties
    if entry:
        return Shape(entries=_shape(entry, types))
    known = types.get((definition.ref or "").rpartition(":")[2])
    return shape_of(known.properties, known.properties_mapping, types) if known else Shape()


def to_python(value: Any, shape: Shape) -> Any:
    """A value that another language has sent, also within Outputs; names that are not known are left as they are.

    Pulumi sends every number as a float. One without a fraction becomes whole again, as a Python program has it.
    It sends names in any order: they come in that of the shape, and those of a mapping sorted, so that what is made of
    them is the same each time.
    """
    if isinstance(value, pulumi.Output):
        return cast("pulumi.Output[Any]", value).apply(lambda known: to_python(known, shape))
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        python = {name: (python_name, inner) for python_name, (name, inner) in shape.fields.items()}
        others = shape.entries or Shape()
        order = [*(name for name in python if name in entries), *sorted(entries.keys() - python.keys())]
        renamed = {name: python.get(name, (name, others)) for name in order}
        return {python_name: to_python(entries[name], inner) for name, (python_name, inner) in renamed.items()}
    if isinstance(value, list):
        return [to_python(entry, shape.entries or Shape()) for entry in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_python(value: Any, shape: Shape) -> Any:
    """A value for another language, also within an Output."""
    if not shape.fields and not shape.entries:
        return value
    if isinstance(value, pulumi.Output):
        return cast("pulumi.Output[Any]", value).apply(lambda known: from_python(known, shape))
    if isinstance(value, Mapping):
        entries, others = cast("Mapping[str, Any]", value), shape.entries or Shape()
        renamed = {name: shape.fields.get(name, (name, others)) for name in entries}
        return {name: from_python(entries[python_name], inner) for python_name, (name, inner) in renamed.items()}
    if isinstance(value, list):
        return [from_python(entry, shape.entries or Shape()) for entry in cast("list[Any]", value)]
    return value


def property_path(python_path: str, shape: Shape) -> str | None:
    """A path such as ``watch[0].kms_key_arn`` with names as other languages write them.

    None for what is no argument, and for entries of a mapping, whose names are the user's.
    """
    path = ""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", python_path):
        if index and shape.entries:
            path, shape = f"{path}[{index}]", shape.entries
        elif name in shape.fields:
            own_name, shape = shape.fields[name]
            path = f"{path}.{own_name}" if path else own_name
        else:
            return None
    return path


def in_prose(text: str, names: Iterable[str]) -> str:
    """Prose in which these names of Python's are written as in other languages."""
    compound = sorted((name for name in names if "_" in name), key=len, reverse=True)
    if not compound:
        return text
    return re.sub(rf"(?<![\w-])({'|'.join(compound)})(?![\w-])", lambda found: camel_case(found[0]), text)


def camel_case(name: str) -> str:
    """``grace_seconds`` as ``graceSeconds``."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)
