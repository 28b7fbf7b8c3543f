"""The examples, from `pulumi up` to the end of their runs."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client
from sandbox.engine.in_process import Deployment, evaluate
from sandbox.sandbox import REGION, Sandbox, sandbox

from ..examples import BUCKET, FOLDER, PLATFORM, RUNS, program_of

WITH_RUNS = [example for example, runs in RUNS.items() if runs]


def _existing_vpc() -> dict[str, str]:
    """What the stack of the team takes as it is, by the names in its config."""
    ec2, iam = client("ec2"), client("iam")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.create_security_group(GroupName="ours", Description="ours", VpcId=subnet["VpcId"])
    ec2.create_key_pair(KeyName="ours")
    iam.create_instance_profile(InstanceProfileName="trainer")
    return {"subnet_id": subnet["SubnetId"], "security_group_id": group["GroupId"]}


@dataclass
class Up:
    """A sandbox in which an example is deployed."""

    cloud: Sandbox
    deployment: Deployment

    def instance(self, run: str) -> Any:
        """The run's, as EC2 describes it."""
        return self.cloud.instance(self.deployment.ids[f"aws:ec2/instance:Instance {run}"])


@contextlib.contextmanager
def _up(example: str) -> Generator[Up]:
    with sandbox() as cloud:
        for bucket in (BUCKET, "my-training-outputs"):
            cloud.create_bucket(bucket)

        def deploy(part: str, stack: str, stacks: dict[str, Any], **config: str) -> Deployment:
            # A folder of a function's code is relative to the program.
            with contextlib.chdir(FOLDER / part):
                program = program_of(part, "runctl", **config)
                return evaluate(
                    program, config={}, region=REGION, functions=cloud.functions, stack=stack, stacks=stacks
                )

        config = _existing_vpc() if example == "team_stack" else {}
        stacks: dict[str, Any] = {}
        if example == "shared_monitor/team":
            stacks[PLATFORM] = deploy("shared_monitor/platform", "platform", {}).outputs
        yield Up(cloud, deploy(example, "dev", stacks, **config))


@pytest.mark.parametrize("example", WITH_RUNS)
def test_a_run_of_an_example_is_watched_and_stopped_after_its_marker(example: str) -> None:
    run = RUNS[example][0]
    with _up(example) as up:
        assert sum(name.startswith("aws:ec2/instance:") for name in up.deployment.ids) == len(RUNS[example])
        tags = {tag["Key"]: tag["Value"] for tag in up.instance(run)["Tags"]}
        assert names.TAG_ARMED in tags
        bucket, _, prefix = tags[names.TAG_OUTPUT].removeprefix("s3://").partition("/")
        up.cloud.run_for(timedelta(minutes=30))
        for key in ("training_complete.txt", "model.pt"):
            client("s3").put_object(Bucket=bucket, Key=prefix + key, Body=b"{}")
        up.cloud.run_for(timedelta(minutes=15))
        assert up.instance(run)["State"]["Name"] == "stopped"
        assert up.cloud.tags(up.instance(run)["InstanceId"])[names.TAG_OUTCOME] == "succeeded"


def test_the_news_of_a_run_go_by_mail_and_to_the_function_for_slack() -> None:
    with _up("notifications") as up:
        subscriptions = client("sns").list_subscriptions()["Subscriptions"]
        assert sorted(each["Protocol"] for each in subscriptions) == ["email", "lambda"]
        (function,) = [each["Endpoint"] for each in subscriptions if each["Protocol"] == "lambda"]
        described = client("lambda").get_function_configuration(FunctionName=function)
        assert described["Environment"]["Variables"]["SLACK_WEBHOOK_URL"].startswith("https://hooks.slack.com/")
        assert up.instance("line")["State"]["Name"] == "running"
