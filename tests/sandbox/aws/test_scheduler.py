from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.aws.outages import failing
from sandbox.aws.scheduler import next_due
from sandbox.sandbox import START, Sandbox, sandbox

CREATED = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/scheduler"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead-letters"


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("rate(5 minutes)", timedelta(0), timedelta(minutes=5)),
        ("rate(5 minutes)", timedelta(minutes=5), timedelta(minutes=10)),
        ("rate(1 hour)", timedelta(minutes=61), timedelta(hours=2)),
        ("at(2026-03-02T10:00:30)", timedelta(0), timedelta(hours=1)),
    ],
)
def test_a_schedule_is_due_from_its_creation_on(expression: str, after: timedelta, due: timedelta) -> None:
    assert next_due(expression, CREATED, CREATED + after) == CREATED + due


def test_a_one_time_schedule_of_the_past_is_never_due_again() -> None:
    assert next_due("at(2026-03-02T08:00:00)", CREATED, CREATED) is None


def test_an_expression_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="cron"):
        next_due("cron(0 0 * * ? *)", CREATED, CREATED)


def _switch_off(cloud: Sandbox, at: datetime, *, retries: int = 3) -> str:
    ec2 = client("ec2")
    image = ec2.register_image(Name="training")["ImageId"]
    instance_id: str = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    client("scheduler").create_schedule(
        Name="off",
        ScheduleExpression=f"at({at.replace(tzinfo=None).isoformat()})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
            "RoleArn": ROLE,
            "Input": json.dumps({"InstanceIds": [instance_id]}),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": retries},
            "DeadLetterConfig": {"Arn": QUEUE},
        },
    )
    client("sqs").create_queue(QueueName="dead-letters")
    cloud.run_for(timedelta(0))
    return instance_id


def _dead_letters() -> list[dict[str, Any]]:
    url = client("sqs").get_queue_url(QueueName="dead-letters")["QueueUrl"]
    return [json.loads(each["Body"]) for each in client("sqs").receive_message(QueueUrl=url).get("Messages", [])]


def test_a_universal_target_calls_ec2_up_to_a_minute_late_and_the_schedule_is_gone() -> None:
    with sandbox() as cloud:
        instance_id = _switch_off(cloud, START + timedelta(minutes=10))
        cloud.run_for(timedelta(minutes=10) - timedelta(seconds=1))
        before = cloud.instance(instance_id)["State"]["Name"]
        cloud.run_for(timedelta(seconds=61))
        assert (before, cloud.instance(instance_id)["State"]["Name"]) == ("running", "stopped")
        assert client("scheduler").list_schedules()["Schedules"] == []


def test_a_schedule_that_was_deleted_does_not_fire() -> None:
    with sandbox() as cloud:
        instance_id = _switch_off(cloud, START + timedelta(minutes=10))
        client("scheduler").delete_schedule(Name="off")
        cloud.run_for(timedelta(minutes=20))
        assert cloud.instance(instance_id)["State"]["Name"] == "running"


def test_a_schedule_that_was_moved_fires_at_its_new_time_alone() -> None:
    with sandbox() as cloud:
        instance_id = _switch_off(cloud, START + timedelta(minutes=10))
        schedules = client("scheduler")
        moved = schedules.get_schedule(Name="off")
        kept = {key: moved[key] for key in ("Name", "FlexibleTimeWindow", "ActionAfterCompletion", "Target")}
        schedules.update_schedule(**kept, ScheduleExpression="at(2026-03-02T09:30:00)")
        cloud.run_for(timedelta(minutes=29))
        before = cloud.instance(instance_id)["State"]["Name"]
        cloud.run_for(timedelta(minutes=3))
        assert (before, cloud.instance(instance_id)["State"]["Name"]) == ("running", "stopped")


def test_a_call_that_fails_for_a_while_is_made_again() -> None:
    with sandbox() as cloud:
        instance_id = _switch_off(cloud, START + timedelta(minutes=10), retries=60)
        failing("ec2", "StopInstances", cloud.clock, START, START + timedelta(minutes=11, seconds=1))
        cloud.run_for(timedelta(minutes=13))
        assert cloud.instance(instance_id)["State"]["Name"] == "stopped"
        assert _dead_letters() == []


def test_a_call_that_keeps_failing_goes_to_the_dead_letters_after_its_retries() -> None:
    with sandbox() as cloud:
        _switch_off(cloud, START + timedelta(minutes=10), retries=2)
        failing("ec2", "StopInstances", cloud.clock, START, START + timedelta(hours=1))
        cloud.run_for(timedelta(minutes=20))
        (letter,) = _dead_letters()
        assert letter["attempts"] == 1 + 2
        assert letter["schedule"].endswith("/off")


@pytest.mark.parametrize(
    "further", [{"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, {"ScheduleExpressionTimezone": "Europe/Berlin"}]
)
def test_what_this_scheduler_does_not_play_is_refused(further: dict[str, Any]) -> None:
    schedule = {
        "Name": "odd",
        "ScheduleExpression": "rate(5 minutes)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "RoleArn": ROLE},
    }
    with sandbox(), pytest.raises(NotImplementedError, match=next(iter(further))):
        client("scheduler").create_schedule(**{**schedule, **further})
