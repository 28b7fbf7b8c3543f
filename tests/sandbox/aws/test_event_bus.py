from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.aws.event_bus import LATEST_SECONDS
from sandbox.aws.moto_gaps import begin_upload
from sandbox.engine.in_process import Deployment
from sandbox.engine.stack import stack_config, stack_program
from sandbox.sandbox import Sandbox, sandbox

BUCKET, KEY = "runctl-demo-outputs", "runs/llama-ft/done"
RULE = "runs-markers-1"


@pytest.fixture
def cloud() -> Generator[Sandbox]:
    with sandbox() as made:
        yield made


def _deployed(cloud: Sandbox) -> Deployment:
    config = stack_config("demo")
    runs: dict[str, Any] = json.loads(config["runctl:runs"])
    listening = {name: {**run, "s3_events": True} for name, run in runs.items()}
    cloud.create_bucket(BUCKET, events=True)
    return cloud.up(stack_program, {**config, "runctl:runs": json.dumps(listening)})


def _woken(cloud: Sandbox) -> list[str]:
    """The events that have reached the function, once all that were sent have been delivered."""
    cloud.run_for(timedelta(seconds=LATEST_SECONDS))
    return [entry.event["detail-type"] for entry in cloud.functions.invocations if "detail-type" in entry.event]


def _dead_letters() -> list[dict[str, Any]]:
    (url,) = client("sqs").list_queues()["QueueUrls"]
    received = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in received]


def test_a_marker_wakes_the_function(cloud: Sandbox) -> None:
    _deployed(cloud)
    cloud.bus.put_object(BUCKET, KEY)
    assert _woken(cloud) == ["Object Created"]


def test_a_marker_that_came_as_a_multipart_upload_wakes_the_function(cloud: Sandbox) -> None:
    _deployed(cloud)
    cloud.bus.complete_upload(BUCKET, KEY, begin_upload(BUCKET, KEY, cloud.clock.now()), b"x")
    assert _woken(cloud) == ["Object Created"]


def test_any_other_object_wakes_nobody(cloud: Sandbox) -> None:
    _deployed(cloud)
    cloud.bus.put_object(BUCKET, "runs/llama-ft/checkpoints/undone")
    assert _woken(cloud) == []


def test_a_bucket_whose_notifications_are_off_sends_nothing(cloud: Sandbox) -> None:
    _deployed(cloud)
    client("s3").put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    cloud.bus.put_object(BUCKET, KEY)
    assert _woken(cloud) == []


def test_a_rule_that_is_disabled_wakes_nobody(cloud: Sandbox) -> None:
    deployed = _deployed(cloud)
    client("events").disable_rule(Name=deployed.ids[f"aws:cloudwatch/eventRule:EventRule {RULE}"])
    cloud.bus.put_object(BUCKET, KEY)
    assert _woken(cloud) == []


def test_an_event_that_the_function_does_not_let_in_goes_to_the_dead_letters(cloud: Sandbox) -> None:
    deployed = _deployed(cloud)
    client("lambda").remove_permission(
        FunctionName=deployed.ids["aws:lambda/function:Function runs-function"],
        StatementId=deployed.ids[f"aws:lambda/permission:Permission {RULE}"],
    )
    cloud.bus.put_object(BUCKET, KEY)
    assert _woken(cloud) == []
    (letter,) = _dead_letters()
    assert "may not invoke" in letter["error"]
    assert letter["event"]["detail"]["object"]["key"] == KEY


def test_an_event_for_a_function_that_is_gone_goes_to_the_dead_letters(cloud: Sandbox) -> None:
    deployed = _deployed(cloud)
    client("lambda").delete_function(FunctionName=deployed.ids["aws:lambda/function:Function runs-function"])
    cloud.bus.put_object(BUCKET, KEY)
    assert _woken(cloud) == []
    assert len(_dead_letters()) == 1
