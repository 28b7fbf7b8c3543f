"""boto3 in the sandbox: clients of the default session, which `moto_gaps` renews."""

from __future__ import annotations

from typing import Any

import boto3


def client(service: str) -> Any:
    """A client for a service, in the sandbox's region."""
    return boto3.client(service)  # pyright: ignore[reportUnknownMemberType, reportCallIssue, reportArgumentType, reportUnknownVariableType]


def session_events() -> Any:
    """The hooks of botocore that every client made from now on will have."""
    session: Any = boto3.DEFAULT_SESSION
    return session.events
