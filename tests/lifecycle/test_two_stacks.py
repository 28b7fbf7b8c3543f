"""Two stacks of one program with one bucket: each has its own place, or its `up` fails."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from sandbox.engine.in_process import Deployment, evaluate
from sandbox.engine.stack import DeploymentError, stack_program
from sandbox.sandbox import REGION, Sandbox, sandbox

BUCKET = "outputs"
RUN = {"bucket": BUCKET, "command": "python3 train.py", "s3_events": True}


def _up(cloud: Sandbox, stack: str, **more: Any) -> Deployment:
    config = {"runctl:runs": json.dumps({"llama-ft": {**RUN, **more}})}
    return evaluate(stack_program, config=config, region=REGION, functions=cloud.functions, stack=stack)


def _state(cloud: Sandbox, deployment: Deployment) -> str:
    return cloud.instance(deployment.ids["aws:ec2/instance:Instance llama-ft"])["State"]["Name"]


def test_the_marker_of_one_stack_ends_nothing_of_the_other() -> None:
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        dev, prod = (_up(cloud, stack) for stack in ("dev", "prod"))
        cloud.run_for(timedelta(hours=1))
        cloud.bus.put_object(BUCKET, "runctl/dev/llama-ft/training_complete.txt")
        cloud.run_for(timedelta(minutes=30))
        assert [_state(cloud, deployment) for deployment in (dev, prod)] == ["stopped", "running"]


def test_a_second_stack_that_is_told_to_use_the_place_of_the_first_fails_and_names_it() -> None:
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        first = _up(cloud, "dev", prefix="runs/llama-ft")
        instance_id = first.ids["aws:ec2/instance:Instance llama-ft"]
        with pytest.raises(DeploymentError, match=f"{instance_id}.* of run llama-ft under monitor runctl/dev/runs"):
            _up(cloud, "prod", prefix="runs/llama-ft")
        assert _state(cloud, first) == "running"
