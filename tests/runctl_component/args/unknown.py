"""Outputs that a preview does not know, as those of a resource that is still to be created."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi


def unknown() -> pulumi.Output[Any]:
    """Unlike ``Output.from_input(UNKNOWN)``, which the SDK takes for a known string."""
    return pulumi.Output(set(), _resolved(None), _resolved(value=False), _resolved(value=False))


def _resolved(value: object) -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
    future.set_result(value)
    return future


def secret(value: object) -> pulumi.Output[Any]:
    """A known value that must not be shown."""
    return pulumi.Output.secret(value)
