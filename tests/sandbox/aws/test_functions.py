from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.aws.functions import FunctionTimedOut
from sandbox.engine.stack import stack_config, stack_program
from sandbox.sandbox import Sandbox, sandbox

UNKNOWN: dict[str, Any] = {"source": "nobody", "detail-type": "Nothing"}
RETRIES = 1


@pytest.fixture
def cloud() -> Generator[Sandbox]:
    """The demo's stack, whose heartbeats are out of the way."""
    with sandbox() as made:
        made.create_bucket("runctl-demo-outputs")
        made.up(stack_program, stack_config("demo"))
        for schedule in client("scheduler").list_schedules()["Schedules"]:
            client("scheduler").delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
        made.functions.invocations.clear()
        yield made


def _function() -> str:
    (function,) = client("lambda").list_functions()["Functions"]
    return function["FunctionArn"]


def _queue() -> dict[str, str]:
    (url,) = client("sqs").list_queues()["QueueUrls"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return {"QueueUrl": url, **attributes}


def _dead_letters() -> list[dict[str, Any]]:
    received = client("sqs").receive_message(QueueUrl=_queue()["QueueUrl"])
    return [json.loads(each["Body"]) for each in received.get("Messages", [])]


def test_an_event_that_fails_is_tried_again_and_then_kept_with_its_cause(cloud: Sandbox) -> None:
    cloud.functions.invoke_later(_function(), UNKNOWN)
    cloud.run_for(timedelta(minutes=10))
    assert [type(entry.error).__name__ for entry in cloud.functions.invocations] == ["TriggerError"] * (1 + RETRIES)
    (letter,) = _dead_letters()
    assert letter == {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": UNKNOWN}


def test_an_event_that_would_be_too_old_is_not_tried_again(cloud: Sandbox) -> None:
    name = _function().rpartition(":")[2]
    # Moto keeps the first that was put.
    client("lambda").delete_function_event_invoke_config(FunctionName=name)
    client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumEventAgeInSeconds=60,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": _queue()["QueueArn"]}},
    )
    cloud.functions.invoke_later(_function(), UNKNOWN)
    cloud.run_for(timedelta(minutes=10))
    assert len(cloud.functions.invocations) == 2
    assert [letter["requestContext"]["condition"] for letter in _dead_letters()] == ["EventAgeExceeded"]


def test_an_invocation_ends_when_the_functions_time_is_over(cloud: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def sleeps_for_an_hour(*_: object) -> None:
        import time  # noqa: PLC0415 - as a handler would find it, while it is replaced

        time.sleep(3600)

    monkeypatch.setattr("monitor_runtime.handler.handler", sleeps_for_an_hour)
    began = cloud.clock.now()
    invocation = cloud.functions.invoke(_function(), UNKNOWN)
    assert isinstance(invocation.error, FunctionTimedOut)
    assert cloud.clock.now() - began == timedelta(seconds=900)
