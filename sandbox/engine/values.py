"""Property values as Pulumi's protocol carries them, and as plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_MARK

UNKNOWN: str = UNKNOWN_MARK
"""Stands for a value that only AWS will know, wherever a value can be."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - that something is one, not one
_FILES = {"0def7320c3a5731c473e5ecbe6d01bc7": pulumi.FileArchive, "c44067f5952c0a294b673a41bacd8c17": pulumi.FileAsset}
"""https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go"""

Plain = dict[str, Any]


def to_plain(struct: struct_pb2.Struct) -> Plain:
    """A message's properties. What is unknown is `UNKNOWN`, a file is the mapping that the protocol makes of it."""
    return revealed(json_format.MessageToDict(struct))


def to_struct(plain: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties as a message carries them."""
    struct = struct_pb2.Struct()
    json_format.ParseDict(dict(plain), struct)
    return struct


def is_unknown(value: Any) -> bool:
    """Whether a value, or anything in it, is not known yet."""
    if isinstance(value, Mapping):
        return any(is_unknown(inner) for inner in cast("Mapping[str, Any]", value).values())
    if isinstance(value, list):
        return any(is_unknown(inner) for inner in cast("list[Any]", value))
    return value == UNKNOWN


def is_file(value: Any) -> bool:
    """Whether a value is an archive or an asset."""
    return isinstance(value, Mapping) and cast("Mapping[str, Any]", value).get(_SIGNATURE) in _FILES


def file_hash(value: Mapping[str, Any]) -> str:
    """What tells one file from another: not where it is, but what is in it."""
    return value["hash"]


def to_file(value: Mapping[str, Any]) -> pulumi.FileArchive | pulumi.FileAsset:
    """An archive or asset as a program declares it."""
    return _FILES[value[_SIGNATURE]](value["path"])


def revealed(value: Any) -> Any:
    """Without the wrapping of secrets, which the engine takes off and puts on again by itself."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        if entries.get(_SIGNATURE) == _SECRET:
            return revealed(entries["value"])
        return {key: revealed(inner) for key, inner in entries.items()}
    return [revealed(inner) for inner in cast("list[Any]", value)] if isinstance(value, list) else value
