"""Two runs under one monitor, which hears of their markers by events and tells a topic how they end."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client
from sandbox.engine.in_process import Deployment
from sandbox.engine.stack import stack_program
from sandbox.sandbox import Sandbox, sandbox

BUCKET = "outputs"
RUN = {"bucket": BUCKET, "command": "python3 train.py", "s3_events": True, "markers": ["*.done"]}


@dataclass
class Team:
    """A stack of two runs, and the inbox of its topic."""

    cloud: Sandbox
    deployment: Deployment

    def instance(self, run: str) -> str:
        """The instance of a run."""
        return self.deployment.ids[f"aws:ec2/instance:Instance {run}"]

    def state(self, run: str) -> str:
        """What became of it."""
        return self.cloud.instance(self.instance(run))["State"]["Name"]

    def told(self) -> list[dict[str, Any]]:
        """The messages of the topic."""
        url = client("sqs").get_queue_url(QueueName="inbox")["QueueUrl"]
        received = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        told = [json.loads(json.loads(each["Body"])["Message"]) for each in received]
        return [message for message in told if "outcome" in message]


@pytest.fixture
def team() -> Generator[Team]:
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        topic = client("sns").create_topic(Name="endings")["TopicArn"]
        client("sqs").create_queue(QueueName="inbox")
        queue = topic.replace(":sns:", ":sqs:").replace("endings", "inbox")
        client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        config = {
            "runctl:runs": json.dumps({"a": {**RUN, "prefix": "runs/a"}, "b": {**RUN, "prefix": "runs/b"}}),
            "runctl:monitor": json.dumps({"notify_topic_arn": topic}),
        }
        yield Team(cloud, cloud.up(stack_program, config))


def test_a_marker_ends_the_run_under_whose_prefix_it_lies_and_no_other(team: Team) -> None:
    team.cloud.run_for(timedelta(hours=1))
    team.cloud.bus.put_object(BUCKET, "runs/a/epoch-40.done")
    team.cloud.run_for(timedelta(minutes=7))
    assert (team.state("a"), team.state("b")) == ("stopped", "running")


def test_the_marker_is_heard_of_within_seconds(team: Team) -> None:
    team.cloud.run_for(timedelta(hours=1))
    written_at = team.cloud.clock.now()
    team.cloud.bus.put_object(BUCKET, "runs/a/epoch-40.done")
    team.cloud.run_for(timedelta(seconds=10))
    noticed = team.cloud.tags(team.instance("a"))[names.TAG_NOTICED]
    assert noticed.split()[0] == written_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert names.TAG_NOTICED not in team.cloud.tags(team.instance("b"))


def test_the_topic_is_told_of_each_ending_once(team: Team) -> None:
    team.cloud.run_for(timedelta(hours=1))
    for run in ("a", "b"):
        team.cloud.bus.put_object(BUCKET, f"runs/{run}/epoch-40.done")
    team.cloud.run_for(timedelta(hours=1))
    assert sorted((message["run"], message["outcome"]) for message in team.told()) == [
        ("a", "succeeded"),
        ("b", "succeeded"),
    ]


def test_a_spot_warning_of_somebody_elses_instance_is_ignored(team: Team) -> None:
    team.cloud.bus.warn_of_interruption("i-0000000000000000f", "terminate")
    team.cloud.run_for(timedelta(seconds=10))
    reply = team.cloud.functions.invocations[-1].reply or {}
    assert reply["reasons"] == ["no instance for i-0000000000000000f"]
