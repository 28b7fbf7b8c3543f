"""Log groups of functions: moto keeps neither where a function logs, nor what its handler prints."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from moto.awslambda.models import LambdaFunction

from sandbox.aws.boto import client
from sandbox.aws.functions import Functions, Invocation

STREAM = "sandbox"


@contextmanager
def logging_configurations() -> Generator[None]:
    """From here on, a function's configuration says where it logs."""
    configured: WeakKeyDictionary[LambdaFunction, Mapping[str, Any]] = WeakKeyDictionary()
    moto_init: Any = LambdaFunction.__init__
    moto_update, moto_get = LambdaFunction.update_configuration, LambdaFunction.get_configuration

    def init(function: LambdaFunction, account_id: str, spec: dict[str, Any], *further: Any, **named: Any) -> None:
        moto_init(function, account_id, spec, *further, **named)
        configured[function] = spec.get("LoggingConfig", {})

    def update(function: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
        configured[function] = updates.get("LoggingConfig", configured.get(function, {}))
        return moto_update(function, updates)

    def get(function: LambdaFunction, *args: Any, **named: Any) -> dict[str, Any]:
        default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}
        return {**moto_get(function, *args, **named), "LoggingConfig": {**default, **configured.get(function, {})}}

    with (
        patch.object(LambdaFunction, "__init__", init),
        patch.object(LambdaFunction, "update_configuration", update),
        patch.object(LambdaFunction, "get_configuration", get),
    ):
        yield


def keep_logs(functions: Functions) -> None:
    """From here on, what an invocation prints goes to the log group of its function, a line an event."""

    def keep(invocation: Invocation) -> None:
        described = client("lambda").get_function_configuration(FunctionName=invocation.function)
        _put(described["LoggingConfig"]["LogGroup"], invocation)

    functions.listeners.append(keep)


def _put(log_group: str, invocation: Invocation) -> None:
    """The lines of one invocation, dated when it ended."""
    logs = client("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=log_group, logStreamName=STREAM)
    milliseconds = int(invocation.ended_at.timestamp() * 1000)
    lines = [{"timestamp": milliseconds, "message": line} for line in invocation.output.splitlines() if line]
    if lines:
        logs.put_log_events(logGroupName=log_group, logStreamName=STREAM, logEvents=lines)
