"""Filters of DescribeInstances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor_runtime.cloud.values import InstanceState

_LIVE = (InstanceState.PENDING, InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED)


def tagged(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Instances that carry all of these tags."""
    return [{"Name": f"tag:{tag}", "Values": [literal(value)]} for tag, value in sorted(tags.items())]


def tagged_below(tag: str, beginning: str) -> dict[str, Any]:
    """Instances that carry a tag whose value begins so."""
    return {"Name": f"tag:{tag}", "Values": [f"{literal(beginning)}*"]}


def not_ended() -> dict[str, Any]:
    """Instances that are neither terminated nor on their way there."""
    return {"Name": "instance-state-name", "Values": [str(state) for state in _LIVE]}


def literal(value: str) -> str:
    """A value that EC2 takes as it is: it reads `*`, `?` and a backslash as wildcards."""
    return "".join(f"\\{sign}" if sign in "\\*?" else sign for sign in value)
