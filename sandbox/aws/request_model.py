"""Every request against botocore's service model: lengths, patterns and enums too, which botocore itself lets pass."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


class RequestError(AssertionError):
    """A request that AWS would refuse."""


@contextmanager
def check_requests() -> Generator[None]:
    """From here on, a request that breaks its model raises `RequestError` instead of being sent."""
    send: Any = BaseClient._make_api_call  # noqa: SLF001 # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]

    def checked(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        model = client.meta.service_model.operation_model(operation)
        problems = list(shape_problems(model.input_shape, parameters, operation))
        if problems:
            raise RequestError("; ".join(problems))
        return cast("Any", send)(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", checked):
        yield


def shape_problems(shape: Shape | None, value: Any, path: str) -> Iterator[str]:
    """What in a value breaks its shape; ``path`` says where."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members: Mapping[str, Shape] = shape.members
        for name, inner in cast("Mapping[str, Any]", value).items():
            yield from shape_problems(members.get(name), inner, f"{path}.{name}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        entries = cast("list[Any]", value)
        yield from _size_problems(shape, len(entries), path)
        for index, inner in enumerate(entries):
            yield from shape_problems(shape.member, inner, f"{path}[{index}]")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, Any]", value).items():
            yield from shape_problems(shape.key, name, f"{path} key")
            yield from shape_problems(shape.value, inner, f"{path}.{name}")
    elif isinstance(shape, StringShape) and isinstance(value, str):
        yield from _size_problems(shape, len(value), path)
        yield from _text_problems(shape, value, path)
    elif shape is not None and isinstance(value, int) and shape.type_name in {"integer", "long"}:
        yield from _size_problems(shape, value, path)


def _size_problems(shape: Shape, size: int, path: str) -> Iterator[str]:
    metadata: Mapping[str, Any] = shape.metadata
    if size < metadata.get("min", size) or size > metadata.get("max", size):
        yield f"{path}: {size} is not within {metadata.get('min', '')}..{metadata.get('max', '')}"


def _text_problems(shape: StringShape, value: str, path: str) -> Iterator[str]:
    metadata: Mapping[str, Any] = shape.metadata
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"
    if "pattern" in metadata and not _matches(metadata["pattern"], value):
        yield f"{path}: {value!r} does not match {metadata['pattern']}"


def _matches(pattern: str, value: str) -> bool:
    """The models' patterns are Java's; those with classes that Python does not know are not checked."""
    if "\\p{" in pattern:
        return True
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value, re.DOTALL) is not None
