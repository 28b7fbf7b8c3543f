"""How long a program of 1, 100 and 1,000 runs on one shared monitor takes to evaluate, and whether it is linear."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

from benchmarks.measured import Grid, Measured
from runctl_component import Monitor, TrainingRun

COUNTS = (100, 1000)
GOAL_MILLISECONDS = 20


class _Provider(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        del args
        known = {"partition": "aws", "region": "us-east-1", "accountId": "123456789012", "insecureValue": "ami-0"}
        return known, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        arn = f"arn:aws:any:us-east-1:123456789012:{args.name}"
        made = {"arn": arn, "name": args.name, "url": "https://queue", "privateIp": "10.0.0.1"}
        return "i-0123456789abcdef0", {**made, **vars(args)["inputs"]}


def declare_runs(count: int) -> None:
    """Runs on one shared monitor."""
    monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}]})
    for number in range(count):
        TrainingRun(
            f"run-{number}",
            {"bucket": "outputs", "prefix": f"runs/{number}", "command": "python train.py"},
            monitor=monitor,
        )


def declare_resources(count: int) -> None:
    """The resources of a run alone, with plain inputs: what the SDK takes for itself."""
    for number in range(count):
        name = f"run-{number}"
        opts = pulumi.ResourceOptions(parent=pulumi.ComponentResource("benchmark:index:Run", name))
        role = aws.iam.Role(name, assume_role_policy="{}", opts=opts)
        aws.iam.RolePolicy(name, role=role.id, policy="{}", opts=opts)
        aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn="arn", opts=opts)
        profile = aws.iam.InstanceProfile(name, role=role.name, opts=opts)
        instance = aws.ec2.Instance(name, instance_type="g5.xlarge", iam_instance_profile=profile.name, opts=opts)
        target: aws.scheduler.ScheduleTargetArgsDict = {"arn": "arn", "role_arn": "arn", "input": instance.id}
        aws.scheduler.Schedule(
            name, schedule_expression="rate(5 minutes)", flexible_time_window={"mode": "OFF"}, target=target, opts=opts
        )
        aws.lambda_.Invocation(name, function_name="monitor", input=instance.id, opts=opts)


def evaluate(declare: Callable[[int], None], count: int) -> float:
    """Seconds for a program, from its first line to its last registration."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(_Provider(), project="benchmark", stack="dev")

    async def program() -> None:
        declare(count)

    began = time.perf_counter()
    loop.run_until_complete(run_pulumi_func(program))
    elapsed = time.perf_counter() - began
    loop.close()
    return elapsed


def further_milliseconds(declare: Callable[[int], None]) -> dict[int, float]:
    """What each run after the first takes, by the number of runs."""
    evaluate(declare, 1)
    least = evaluate(declare, 1)
    return {count: (evaluate(declare, count) - least) / (count - 1) * 1000 for count in COUNTS}


def measure() -> Measured:
    """The counts side by side."""
    runs, resources = further_milliseconds(declare_runs), further_milliseconds(declare_resources)
    rows = [
        (
            f"{count:,}",
            f"{runs[count]:.1f}",
            f"{runs[count] / runs[COUNTS[0]]:.2f}",
            f"{resources[count]:.1f}",
            f"{runs[count] / resources[count]:.2f}",
        )
        for count in COUNTS
    ]
    headings = ("runs", "ms of a further TrainingRun", "ratio to the fewest", "its resources alone", "ratio to these")
    return Measured(
        [Grid(headings, rows, words=0)],
        [f"With Pulumi's mocks, without an engine. The goal: under {GOAL_MILLISECONDS} ms."],
    )
