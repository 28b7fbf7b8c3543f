"""Faults at the AWS boundary: calls that fail for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from monitor_runtime.cloud import aws
from sandbox.aws.boto import client, session_events
from sandbox.aws.virtual_clock import VirtualClock

_BODY = b"<Error><Code>ServiceUnavailable</Code><Message>Please reduce your request rate.</Message></Error>"

_NOWHERE = "https://failed.invalid/"
"""botocore asks every handler, also once it has its answer: moto is not to find what it would carry out."""


class _Raw:
    """A response body as urllib3 streams it."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield _BODY


def failing(service: str, operation: str, clock: VirtualClock, start: datetime, end: datetime) -> None:
    """Have every call of an operation, whoever makes it, answered with a 503 between two moments."""

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if not start <= clock.now() < end:
            return None
        url, request.url = request.url, _NOWHERE
        return AWSResponse(url, 503, HTTPHeaders(), _Raw())

    session_events().register_first(f"before-send.{service}.{operation}", answer)
    # A client has the hooks that there were when it was made.
    aws.client.cache_clear()
    client.cache_clear()
