"""What policies are made of: documents, statements, and the ARNs of buckets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PolicyDocument = dict[str, Any]
"""A policy as `to_json` writes it."""

ANY_RESOURCE = "*"
"""Only for actions that know no resource type, and for those of the SSM agent."""


def to_json(document: PolicyDocument) -> str:
    """The same text for the same permissions: keys and lists sorted, so that previews stay quiet."""
    return json.dumps(_sorted(document), sort_keys=True, separators=(",", ":"))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return sorted((_sorted(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))  # pyright: ignore[reportUnknownVariableType]
    return value


def document(*statements: PolicyDocument) -> PolicyDocument:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str, actions: Iterable[str], resources: Iterable[str], condition: Mapping[str, Any] | None = None
) -> PolicyDocument:
    """A statement that allows the actions on the resources, under the condition if there is one."""
    allowed: PolicyDocument = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**allowed, "Condition": dict(condition)} if condition else allowed


def bucket_arn(partition: str, bucket: str) -> str:
    """Of the bucket itself."""
    return f"arn:{partition}:s3:::{bucket}"


def objects_arn(partition: str, bucket: str, prefix: str) -> str:
    """Of all that is below a prefix."""
    return f"{bucket_arn(partition, bucket)}/{prefix}*"


def list_statement(sid: str, partition: str, buckets: Sequence[str], prefixes: Sequence[str]) -> PolicyDocument:
    """List the buckets below the prefixes alone."""
    below = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    return allow(sid, ["s3:ListBucket"], [bucket_arn(partition, bucket) for bucket in buckets], below)
