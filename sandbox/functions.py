"""Lambda in this process: the handler is called as Lambda would, with the environment that moto holds."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from monitor_runtime.handler import handler
from monitor_runtime.telemetry import logger
from sandbox.boto import client
from sandbox.clock import VirtualClock


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

    started_at: datetime
    ended_at: datetime
    event: dict[str, Any]
    reply: dict[str, Any] | None
    error: Exception | None
    output: str


class Functions:
    """Invokes functions that are in moto. ``broken`` makes every invocation fail, as a bad deployment would."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.invocations: list[Invocation] = []
        self.listeners: list[Callable[[Invocation], None]] = []
        self.broken = False

    def invoke(self, function: str, event: dict[str, Any]) -> Invocation:
        """Synchronously, as ``aws.lambda_.Invocation`` and the Invoke API do. ``function`` is a name or an ARN."""
        described = client("lambda").get_function_configuration(FunctionName=function.rpartition(":")[2])
        context = Context(
            described["FunctionName"],
            described["FunctionArn"],
            described["MemorySize"],
            self._clock,
            self._clock.now() + timedelta(seconds=described["Timeout"]),
        )
        variables = described.get("Environment", {}).get("Variables", {})
        started_at, output = self._clock.now(), io.StringIO()
        reply, error = None, None
        try:
            with patch.dict(os.environ, variables), _captured(output):
                reply = self._run(event, context)
        except Exception as raised:  # noqa: BLE001 - whatever the handler raises, Lambda reports
            error = raised
        invocation = Invocation(started_at, self._clock.now(), event, reply, error, output.getvalue())
        self.invocations.append(invocation)
        for listener in self.listeners:
            listener(invocation)
        return invocation

    def _run(self, event: dict[str, Any], context: Context) -> dict[str, Any]:
        if self.broken:
            raise ImportError("the function cannot be loaded")
        return json.loads(json.dumps(handler(json.loads(json.dumps(event)), context)))

    def invoke_later(self, function: str, event: dict[str, Any]) -> None:
        """Asynchronously: what fails is tried again, then kept, as the function's event invoke config says."""
        name = function.rpartition(":")[2]
        config: dict[str, Any] = {"MaximumRetryAttempts": 2}
        with contextlib.suppress(client("lambda").exceptions.ResourceNotFoundException):
            config = dict(client("lambda").get_function_event_invoke_config(FunctionName=name))
        self._attempt(name, event, config, attempt=0)

    def _attempt(self, name: str, event: dict[str, Any], config: dict[str, Any], attempt: int) -> None:
        if self.invoke(name, event).error is None:
            return
        if attempt < config["MaximumRetryAttempts"]:
            again = self._clock.now() + timedelta(minutes=attempt + 1)
            self._clock.at(again, lambda: self._attempt(name, event, config, attempt + 1))
            return
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination:
            send_to_queue(destination, {"requestPayload": event})


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


def send_to_queue(queue_arn: str, body: dict[str, Any]) -> None:
    """Leave a message in an SQS queue."""
    queues = client("sqs")
    url = queues.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody=json.dumps(body, default=str))
