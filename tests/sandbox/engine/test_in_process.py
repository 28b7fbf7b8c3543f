"""The engine in this process: what becomes of a program's transforms, and of what a failed one had under way."""

from __future__ import annotations

import threading
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from sandbox.aws.boto import client
from sandbox.engine.in_process import Deployment, evaluate
from sandbox.engine.stack import DeploymentError
from sandbox.sandbox import REGION, sandbox

from .samples import KEY


class _Team(pulumi.ComponentResource):
    def __init__(self, opts: pulumi.ResourceOptions) -> None:
        super().__init__("tests:index:Team", "team", {}, opts)
        own = pulumi.ResourceOptions(parent=self, transforms=[_renamed("own")])
        aws.sqs.Queue("queue", message_retention_seconds=60, sqs_managed_sse_enabled=True, opts=own)


def _renamed(title: str) -> pulumi.ResourceTransform:
    def rename(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:sqs/queue:Queue":
            return None
        named = f"{args.props.get('name', 'queue')}-{title}"
        return pulumi.ResourceTransformResult({**args.props, "name": named}, args.opts)

    return rename


def _with_key(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ != "aws:sqs/queue:Queue":
        return None
    kept = {name: value for name, value in args.props.items() if name != "sqsManagedSseEnabled"}
    return pulumi.ResourceTransformResult({**kept, "kmsMasterKeyId": KEY}, args.opts)


def _queue(deployment: Deployment) -> dict[str, Any]:
    (queue,) = [each for each in deployment.resources if each.type == "aws:sqs/queue:Queue"]
    return queue.inputs


def test_a_resources_own_transforms_come_first_and_those_of_its_parent_next() -> None:
    def program() -> None:
        _Team(pulumi.ResourceOptions(transforms=[_renamed("first"), _renamed("second")]))

    with sandbox():
        assert _queue(evaluate(program, config={}, region=REGION, functions=None))["name"] == "queue-own-first-second"


def test_what_a_transform_made_of_a_resource_is_what_is_created() -> None:
    with sandbox() as cloud:
        cloud.up(lambda: _Team(pulumi.ResourceOptions(transforms=[_with_key])), {})
        (url,) = client("sqs").list_queues()["QueueUrls"]
        attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["KmsMasterKeyId"] == KEY


def test_a_resource_beside_a_component_is_not_transformed_with_it() -> None:
    def program() -> None:
        _Team(pulumi.ResourceOptions(transforms=[_with_key]))
        aws.sqs.Queue("beside", message_retention_seconds=60, sqs_managed_sse_enabled=True)

    with sandbox():
        deployment = evaluate(program, config={}, region=REGION, functions=None)
        beside = next(each.inputs for each in deployment.resources if each.name == "beside")
        assert beside["sqsManagedSseEnabled"] is True


def test_nothing_of_a_failed_program_is_still_at_work_when_the_next_one_begins() -> None:
    def program() -> None:
        aws.sqs.Queue("refused", delay_seconds=1, message_retention_seconds=60, sqs_managed_sse_enabled=True)
        for number in range(20):
            aws.sqs.Queue(f"behind-{number}", message_retention_seconds=60, sqs_managed_sse_enabled=True)

    with sandbox() as cloud:
        with pytest.raises(DeploymentError, match="delaySeconds"):
            cloud.up(program, {})
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("asyncio")]
