"""Lambda in this process: the handler is called as Lambda would, with the configuration that moto holds."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from monitor_runtime.contract.times import format_time
from monitor_runtime.telemetry import logger
from sandbox.aws.boto import client
from sandbox.aws.request_model import RequestError
from sandbox.aws.virtual_clock import VirtualClock

_RETRY_DELAYS = (timedelta(minutes=1), timedelta(minutes=2))
"""https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""
_DEFAULT_EVENT_AGE_SECONDS = 6 * 3600


class FunctionTimedOut(BaseException):
    """The function's timeout has passed: Lambda ends the invocation wherever it is."""


@dataclass(frozen=True)
class Context:
    """Lambda's context object, with a deadline in virtual time."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    clock: VirtualClock
    ends_at: datetime
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still take."""
        return int((self.ends_at - self.clock.now()).total_seconds() * 1000)


@dataclass(frozen=True)
class Invocation:
    """What one invocation got, replied and printed. ``error`` is what it raised."""

    function: str
    started_at: datetime
    ended_at: datetime
    event: dict[str, Any]
    reply: dict[str, Any] | None
    error: BaseException | None
    output: str


@dataclass(frozen=True)
class _Delivery:
    """An asynchronous event on its way."""

    function: str
    event: dict[str, Any]
    config: Mapping[str, Any]
    accepted_at: datetime


class Functions:
    """Invokes functions that are in moto. ``broken`` makes every invocation fail, as a bad deployment would."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.invocations: list[Invocation] = []
        self.listeners: list[Callable[[Invocation], None]] = []
        self.broken = False

    def invoke(self, function: str, event: dict[str, Any]) -> Invocation:
        """Synchronously, as ``aws.lambda_.Invocation`` and the Invoke API do. ``function`` is a name or an ARN.

        Raises:
            ClientError: when there is no such function.
            RequestError: when the handler asks AWS for what AWS would refuse to read.
        """
        described = client("lambda").get_function_configuration(FunctionName=_name(function))
        started_at, output = self._clock.now(), io.StringIO()
        context = Context(
            described["FunctionName"],
            described["FunctionArn"],
            described["MemorySize"],
            self._clock,
            started_at + timedelta(seconds=described["Timeout"]),
        )
        variables = described.get("Environment", {}).get("Variables", {})
        reply, error = None, None
        try:
            with patch.dict(os.environ, variables), _captured(output), self._limited(context.ends_at):
                reply = self._run(described["Handler"], event, context)
        except RequestError:
            raise
        except (Exception, FunctionTimedOut) as raised:  # noqa: BLE001 - whatever the handler raises, Lambda reports
            error = raised
        invocation = Invocation(
            context.function_name, started_at, self._clock.now(), event, reply, error, output.getvalue()
        )
        self.invocations.append(invocation)
        for listener in self.listeners:
            listener(invocation)
        return invocation

    def _run(self, handler: str, event: dict[str, Any], context: Context) -> dict[str, Any]:
        if self.broken:
            raise ImportError("the function cannot be loaded")
        module, _, name = handler.rpartition(".")
        called = getattr(importlib.import_module(module), name)
        return json.loads(json.dumps(called(json.loads(json.dumps(event)), context)))

    @contextlib.contextmanager
    def _limited(self, ends_at: datetime) -> Generator[None]:
        """Nothing but sleeping takes time here, so this is where a timeout strikes."""

        def sleep(seconds: float) -> None:
            if self._clock.now() + timedelta(seconds=seconds) > ends_at:
                self._clock.run_until(ends_at)
                raise FunctionTimedOut(f"timed out at {format_time(ends_at)}")
            self._clock.sleep(seconds)

        with patch.object(time, "sleep", sleep):
            yield

    def invoke_later(self, function: str, event: dict[str, Any]) -> None:
        """Asynchronously: what fails is tried again, then kept, as the function's event invoke config says.

        Raises:
            ClientError: when there is no such function.
        """
        config: Mapping[str, Any] = {}
        with contextlib.suppress(client("lambda").exceptions.ResourceNotFoundException):
            config = client("lambda").get_function_event_invoke_config(FunctionName=_name(function))
        self._attempt(_Delivery(_name(function), event, config, self._clock.now()), attempt=0)

    def _attempt(self, delivery: _Delivery, attempt: int) -> None:
        if self.invoke(delivery.function, delivery.event).error is None:
            return
        retries = delivery.config.get("MaximumRetryAttempts", len(_RETRY_DELAYS))
        age = timedelta(seconds=delivery.config.get("MaximumEventAgeInSeconds", _DEFAULT_EVENT_AGE_SECONDS))
        again = self._clock.now() + _RETRY_DELAYS[min(attempt, len(_RETRY_DELAYS) - 1)]
        if attempt >= retries:
            _give_up(delivery, "RetriesExhausted")
        elif again - delivery.accepted_at > age:
            _give_up(delivery, "EventAgeExceeded")
        else:
            self._clock.at(again, lambda: self._attempt(delivery, attempt + 1))


def _name(function: str) -> str:
    return function.rpartition(":")[2]


def _give_up(delivery: _Delivery, condition: str) -> None:
    destination = delivery.config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    if destination:
        record = {"requestContext": {"condition": condition}, "requestPayload": delivery.event}
        send_to_queue(destination, record)


@contextlib.contextmanager
def _captured(output: io.StringIO) -> Generator[None]:
    """What an invocation logs and prints, as it would go to its log group."""
    handler_of_logs: Any = logger.registered_handler
    before = handler_of_logs.setStream(output)
    try:
        with contextlib.redirect_stdout(output):
            yield
    finally:
        handler_of_logs.setStream(before or sys.__stdout__)


def send_to_queue(queue_arn: str, body: Mapping[str, Any]) -> None:
    """Leave a message in an SQS queue."""
    queues = client("sqs")
    url = queues.get_queue_url(QueueName=_name(queue_arn))["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody=json.dumps(body, default=str))
