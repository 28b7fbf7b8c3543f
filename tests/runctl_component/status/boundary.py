"""The boundary to AWS: what is sent across it, and calls that are refused there."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse


@dataclass
class Traffic:
    """The calls that were made: service, operation and parameters. ``codes`` refuses operations with a code."""

    codes: Mapping[str, str] = field(default_factory=dict[str, str])
    calls: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list[tuple[str, str, Mapping[str, Any]]])

    @property
    def operations(self) -> list[str]:
        """What was asked for, in order."""
        return [operation for _, operation, _ in self.calls]


@contextmanager
def traffic(**codes: str) -> Generator[Traffic]:
    """From here on, every call is noted, and those of ``codes`` are refused."""
    noted = Traffic(codes)
    send: Any = BaseClient._make_api_call  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        noted.calls.append((client.meta.service_model.service_name, operation, parameters))
        if code := codes.get(operation):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
        return cast("Any", send)(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", call):
        yield noted


@contextmanager
def throttled(times: int) -> Generator[list[str]]:
    """From here on, the first answers of AWS ask for fewer requests; the event names of all requests are noted."""
    events: list[str] = []
    answer: Any = BotocoreStubber.__call__

    def call(stubber: BotocoreStubber, event_name: str, request: Any, **named: Any) -> Any:
        events.append(event_name)
        if len(events) <= times:
            body = b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
            return AWSResponse(request.url, 503, HTTPHeaders(), cast("Any", MockRawResponse(body)))
        return answer(stubber, event_name, request, **named)

    with patch.object(BotocoreStubber, "__call__", call):
        yield events
