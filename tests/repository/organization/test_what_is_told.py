"""What an account sees of a run, and what leaves it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from runctl_component import TrainingRun, TrainingRunArgs
from sandbox.aws.boto import client
from sandbox.demo.training import Training, succeed
from sandbox.engine.in_process import evaluate
from sandbox.sandbox import REGION, Sandbox, sandbox

from ...runctl_component.forms import WANDB_ARN, instance_of, registered, settings_of
from .page import prose

SEEN = "What an account sees of a run, and what leaves it"
BUCKET = "my-training-outputs"
LAST_WORDS = "token=hunter2 is not valid"
(_LIST,) = re.findall(r"A message is JSON with some of (.+?); an alarm", prose(SEEN))
FIELDS = set(re.findall(r"`(\w+)`", _LIST))


def test_command_and_environment_are_in_user_data_alone() -> None:
    run = registered({"bucket": "outputs", "command": "train --seed 42", "environment": {"MODE": "offline-mode"}})
    user_data = instance_of(run)["userData"]
    elsewhere = [each for each in run.resources if each.name != "llama-ft"]
    texts = json.dumps([each.inputs for each in elsewhere], default=str) + json.dumps(instance_of(run)["tags"])
    for text in ("train --seed 42", "offline-mode"):
        assert text in user_data
        assert text not in texts


def test_of_a_secret_its_arn_is_in_user_data_and_in_the_settings_is_nothing_of_it() -> None:
    run = registered({"bucket": "outputs", "command": "true", "secrets": {"WANDB_API_KEY": WANDB_ARN}})
    assert WANDB_ARN in instance_of(run)["userData"]
    assert "WANDB" not in json.dumps(settings_of(run)) + json.dumps(instance_of(run)["tags"])


def _fail(training: Training) -> None:
    training.write("training_failed.txt", json.dumps({"outcome": "failed", "message": LAST_WORDS}).encode())


def _told(cloud: Sandbox, run: TrainingRunArgs, finish: Any) -> list[dict[str, Any]]:
    """The messages of the topic of a run that was trained to its end."""
    cloud.create_bucket(BUCKET)
    topic = client("sns").create_topic(Name="trainings")["TopicArn"]
    client("sqs").create_queue(QueueName="inbox")
    inbox = topic.replace(":sns:", ":sqs:").replace("trainings", "inbox")
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)
    declared: TrainingRunArgs = {**run, "notify_topic_arn": topic, "prefix": "nlp/"}
    up = evaluate(partial(TrainingRun, "llama-ft", declared), config={}, region=REGION, functions=cloud.functions)
    Training(cloud, up.ids["aws:ec2/instance:Instance llama-ft"], BUCKET, "nlp/", finish).start()
    cloud.run_for(timedelta(hours=3))
    url = client("sqs").get_queue_url(QueueName="inbox")["QueueUrl"]
    received = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    return [json.loads(json.loads(each["Body"])["Message"]) for each in received]


def _messages() -> Iterator[dict[str, Any]]:
    for finish in (succeed, _fail):
        with sandbox() as cloud:
            yield from _told(cloud, {"bucket": BUCKET, "command": "true"}, finish)


def test_a_message_has_no_field_that_is_not_on_the_page() -> None:
    told = list(_messages())
    fields = {field for message in told for field in message}
    assert len(told) == 4
    assert fields <= FIELDS
    assert FIELDS - fields == {"problems"}, "told of what is not watched"


@pytest.mark.parametrize("shares", [True, False])
def test_the_last_words_of_a_training_are_told_where_that_is_asked_for_alone(*, shares: bool) -> None:
    with sandbox() as cloud:
        told = _told(cloud, {"bucket": BUCKET, "command": "true", "share_last_words": shares}, _fail)
        tags = [
            instance["Tags"]
            for each in client("ec2").describe_instances()["Reservations"]
            for instance in each["Instances"]
        ]
    assert (LAST_WORDS in json.dumps(told), LAST_WORDS in json.dumps(tags)) == (shares, shares)
