"""The package's schema: what Pulumi infers from the components, made good where that is not what languages need."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from runctl_component.args.defaults import declared_defaults, defaults_that_depend, shown_default
from runctl_component.provider.names import camel_case, in_prose
from runctl_component.provider.package import NAME, WORDS, Words, described

Schema = dict[str, Any]
_OWN_TYPE = f"#/types/{NAME}:index:"


def finished(inferred: Mapping[str, Any], names: Collection[str]) -> Schema:
    """The schema as it is published. ``names`` are those of all arguments and outputs, in Python."""
    components = {token: _component(token, inferred["resources"][token]) for token in inferred["resources"]}
    types = {
        _renamed(token): {**each, **_with_defaults(each, "properties", _python_type(token))}
        for token, each in inferred["types"].items()
    }
    schema = {
        **described(),
        "resources": components,
        "types": {**types, **{f"{NAME}:index:{words.name}": _enum(words) for words in WORDS}},
    }
    return _tidy(schema, names)


def _component(token: str, component: Schema) -> Schema:
    python_type = f"{_python_type(token)}Args"
    described_by_words = _with_words(component) if python_type == "TrainingRunArgs" else component
    return {**described_by_words, **_with_defaults(described_by_words, "inputProperties", python_type)}


def _python_type(token: str) -> str:
    return token.rpartition(":")[2]


def _renamed(token_or_reference: str) -> str:
    """Without the ``Args`` that languages append by themselves."""
    return token_or_reference.removesuffix("Args")


def _with_words(component: Schema) -> Schema:
    """With the words that some arguments have for values, beside which any string is of the right type."""
    inputs: Schema = dict(component["inputProperties"])
    for words in WORDS:
        for argument in map(camel_case, words.arguments):
            plain = {"plain": True} if inputs[argument].get("plain") else {}
            choices = [{"type": "string", **plain}, {"$ref": f"{_OWN_TYPE}{words.name}", **plain}]
            kept = {key: value for key, value in inputs[argument].items() if key != "type"}
            inputs[argument] = {**kept, "oneOf": choices}
    return {**component, "inputProperties": inputs}


def _enum(words: Words) -> Schema:
    values = [
        {"name": re.sub(r"\W", " ", value).title().replace(" ", ""), "value": str(value), "description": meaning}
        for value, meaning in words.values.items()
    ]
    return {"type": "string", "description": words.description, "enum": values}


def _with_defaults(owner: Schema, key: str, python_type: str) -> Schema:
    """The properties with the defaults that the code fills in: in words, and where SDKs may fill them in, as values."""
    defaults = {camel_case(field): value for field, value in declared_defaults().get(python_type, {}).items()}
    left_to_the_code = {camel_case(field) for field in defaults_that_depend()}
    properties: Schema = owner.get(key) or {}
    return {
        key: {
            name: _with_default(each, defaults.get(name), as_value=name not in left_to_the_code)
            for name, each in properties.items()
        }
    }


def _with_default(definition: Schema, default: object, *, as_value: bool) -> Schema:
    """An SDK sends a default as if the program had declared it: not one that would be another with other arguments."""
    shown = shown_default(default)
    if not shown:
        return definition
    value = {"default": default} if as_value and isinstance(default, str | int | float) else {}
    return {**definition, "description": f"{definition['description']} Default: {shown}.", **value}


def _tidy(value: Any, names: Collection[str], *, within: str = "") -> Any:
    """Without what is empty, without lists that must be plain, and with descriptions for readers of other languages."""
    if isinstance(value, list):
        return [_tidy(entry, names) for entry in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        return _prose(value, names) if within == "description" and isinstance(value, str) else _reference(value)
    return {key: _tidy(entry, names, within=key) for key, entry in _kept(cast("Schema", value), within)}


def _kept(entries: Schema, within: str) -> Iterator[tuple[str, Any]]:
    """No list is plain, and no description is repeated for its entries.

    Go's generator knows no plain list of a type: https://github.com/pulumi/pulumi/issues/14662
    """
    is_entry = within in ("items", "additionalProperties")
    is_container = is_entry or entries.get("type") in ("array", "object")
    for key, entry in entries.items():
        repeated = key == "description" and is_entry
        if entry is not None and not repeated and not (key == "plain" and is_container):
            yield key, entry


def _reference(value: Any) -> Any:
    return _renamed(value) if isinstance(value, str) and value.startswith(_OWN_TYPE) else value


def _prose(docstring: str, names: Collection[str]) -> str:
    """Markdown, in lines as long as paragraphs, with names as they are written in other languages."""
    paragraphs = inspect.cleandoc(docstring).replace("``", "`").split("\n\n")
    return in_prose("\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs), names)
