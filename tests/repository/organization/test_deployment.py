"""The policy for whoever deploys, against all calls by which the stand-in provider makes, changes and removes a run."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast
from unittest.mock import patch

import pulumi
import pytest
from botocore.client import BaseClient

from monitor_runtime.cloud import aws
from runctl_component import TrainingRun, TrainingRunArgs
from sandbox.engine.adapters.adapter import ReadInputs
from sandbox.engine.adapters.table import adapters
from sandbox.engine.in_process import Deployment, Registered, evaluate
from sandbox.engine.sdk_types import resource_type
from sandbox.sandbox import REGION, Sandbox, sandbox

from ...iam import deployment as iam
from ...iam.calls import Access, Account, refused
from ...runctl_component.forms import ALL, CODE, registered
from .page import BOUNDARY, policies

(POLICY,) = policies("What whoever deploys needs")
BUCKET = "my-training-outputs"
AGENT = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
INVOCATION = "aws:lambda/invocation:Invocation"
MAX_MANAGED_POLICY_CHARACTERS = 6144
"""Without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

FROM_THE_PROVIDERS_SOURCE: Mapping[str, str] = {
    "ec2:AssociateIamInstanceProfile": "ec2/ec2_instance.go: another profile of a stopped instance",
    "ec2:CancelSpotInstanceRequests": "ec2/ec2_instance.go: a spot instance, before it is terminated",
    "ec2:DisassociateIamInstanceProfile": "ec2/ec2_instance.go: another profile of a stopped instance",
    "ec2:ModifyNetworkInterfaceAttribute": "ec2/ec2_instance.go: other security groups",
    "ec2:ReplaceIamInstanceProfileAssociation": "ec2/ec2_instance.go: another profile of a running instance",
    "lambda:InvokeFunction": "lambda/invocation.go: the first check, which the sandbox calls without boto3",
    "s3:AbortMultipartUpload": "s3/object.go: code that is uploaded in parts, and fails",
    "s3:DeleteObjectVersion": "s3/object.go: in a bucket with versions, all of them",
    "s3:GetObjectTagging": "s3/tags_gen.go: read with the object",
    "s3:ListBucket": "s3/object.go: without it, an object that is not there is denied in place of missing",
    "s3:ListBucketVersions": "s3/object.go: in a bucket with versions, before they are deleted",
}
"""Actions of the policy that no call of the stand-in's asks for; the sources are below
https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service."""


@dataclass
class Recorded:
    """The calls of a deployment, and what they were about."""

    calls: list[iam.Call] = field(default_factory=list[iam.Call])
    kinds: set[str] = field(default_factory=set[str])
    tags: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def accesses(self) -> list[Access]:
        """What IAM is asked for them."""
        return iam.Deployment(Account(tags=self.tags)).accesses(self.calls)


@contextmanager
def _recording(recorded: Recorded) -> Generator[None]:
    """All calls but those of the monitor's function, whose client is told by its timeout."""
    send: Any = BaseClient._make_api_call  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]

    def observed(boto_client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        config: Any = boto_client.meta.config
        if config.read_timeout != aws.CLIENT_CONFIG.read_timeout:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            recorded.calls.append((boto_client.meta.service_model.service_name, operation, dict(parameters)))
        return cast("Any", send)(boto_client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", observed):
        yield


def _tagged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """As by default tags of the provider, which the engine in this process does not know."""
    known = resource_type(args.type_)
    if known is None or not known.has_tags_of_all_levels or args.type_.endswith("BucketObjectv2"):
        return None
    props: Mapping[str, Any] = args.props
    return pulumi.ResourceTransformResult({**props, "tags": {"team": "nlp", **props.get("tags", {})}}, args.opts)


def _program() -> None:
    run: TrainingRunArgs = {
        "bucket": BUCKET,
        "command": "python3 train.py",
        "code": CODE,
        "spot": "persistent",
        "s3_events": True,
        "policy_arns": [AGENT],
        "permissions_boundary_arn": BOUNDARY,
        "role_path": "/training/",
    }
    TrainingRun("llama-ft", run, pulumi.ResourceOptions(transforms=[_tagged]))


def _change(cloud: Sandbox, resource: Registered) -> None:
    """Other tags for what has some, and all else written anew."""
    adapter = adapters(cloud.functions)[resource.type]
    adapter.read(resource.identity, resource.state)
    named = {"name": resource.state["name"]} if "name" in resource.state else {}
    given = {name: value for name, value in {**resource.inputs, **named}.items() if name != "tagsAll"}
    tags = {key: value for key, value in given.get("tags", {}).items() if key != "team"}
    further = {"tags": {**tags, "cost-center": "4711"}} if "tags" in given else {}
    state = {**resource.state, "tagsAll": given.get("tags", {})}
    if resource.type.endswith(":Instance"):
        larger = {**given["rootBlockDevice"], "volumeSize": 500}
        further |= {"rootBlockDevice": larger, "instanceInitiatedShutdownBehavior": "terminate"}
        further |= {"vpcSecurityGroupIds": resource.state["vpcSecurityGroupIds"]}
    if resource.type.endswith(":Document"):
        further |= {"content": given["content"].replace("runctl", "other")}
    try:
        adapter.update(resource.identity, state, ReadInputs({**given, **further}))
    except NotImplementedError as error:
        assert "forces a replacement" in str(error)  # noqa: PT017 - of types that can only be replaced


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    found = Recorded()
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        with _recording(found):
            up = evaluate(_program, config={}, region=REGION, functions=cloud.functions, project="nlp", stack="prod")
            found.tags.update(_tags_of_instances(up, cloud))
            ours = [each for each in up.resources if each.type.startswith("aws:")]
            for resource in ours:
                _change(cloud, resource)
            for resource in reversed(ours):
                adapters(cloud.functions)[resource.type].delete(resource.identity, resource.state)
        found.kinds = {each.type for each in ours}
    return found


def _tags_of_instances(up: Deployment, cloud: Sandbox) -> Mapping[str, dict[str, str]]:
    instance = up.ids["aws:ec2/instance:Instance llama-ft"]
    return {instance: cloud.tags(instance)}


def test_the_deployment_has_every_type_that_the_product_makes(recorded: Recorded) -> None:
    product = {each.type for each in registered({**ALL, "spot": "persistent", "on_deadline": "stop"}).resources}
    assert {kind for kind in product if kind.startswith("aws:")} == recorded.kinds


def test_every_call_of_the_deployment_is_allowed(recorded: Recorded) -> None:
    asked = recorded.accesses()
    assert len(asked) > 150
    assert refused(POLICY, asked) == []


def test_the_monitor_can_be_asked_for_its_first_check(recorded: Recorded) -> None:
    assert INVOCATION in recorded.kinds
    assert refused(POLICY, [Access("lambda:InvokeFunction", "*", {})]) == []


def _actions() -> Iterator[str]:
    for statement in POLICY["Statement"]:
        actions = statement["Action"]
        yield from [actions] if isinstance(actions, str) else actions


def test_nothing_is_in_the_policy_that_is_not_needed(recorded: Recorded) -> None:
    asked = {access.action for access in recorded.accesses()}
    unasked = {action for action in _actions() if not any(_covers(action, each) for each in asked)}
    reads = {action for action in unasked if action.endswith("*")}
    assert unasked - reads == set(FROM_THE_PROVIDERS_SOURCE)
    assert reads <= {f"{service}:List*" for service in ("cloudwatch", "lambda", "logs", "scheduler", "sqs", "ssm")} | {
        "ssm:Describe*"
    }


def _covers(pattern: str, action: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action) is not None


def _moved(calls: list[iam.Call], before: str, after: str) -> list[iam.Call]:
    """The same calls with another name, path or folder in their parameters."""
    return [
        (service, operation, json.loads(json.dumps(dict(given), default=str).replace(before, after)))
        for service, operation, given in calls
    ]


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        ("/training/", "/", "iam:CreateRole"),
        ("/training/", "/", "iam:PassRole"),
        (BOUNDARY, "arn:aws:iam::123456789012:policy/another", "iam:PutRolePolicy"),
        ("nlp/prod/", "vision/prod/", "s3:PutObject"),
    ],
)
def test_a_deployment_that_leaves_its_bounds_is_denied(
    recorded: Recorded, before: str, after: str, action: str
) -> None:
    moved = replace(recorded, calls=_moved(recorded.calls, before, after))
    assert action in {access.action for access in refused(POLICY, moved.accesses())}


def test_another_teams_instance_is_neither_retagged_nor_terminated(recorded: Recorded) -> None:
    theirs = {instance: {**tags, "runctl:monitor": "vision/prod/runs"} for instance, tags in recorded.tags.items()}
    denied = {access.action for access in refused(POLICY, replace(recorded, tags=theirs).accesses())}
    assert denied >= {"ec2:CreateTags", "ec2:DeleteTags", "ec2:TerminateInstances"}


def test_a_role_without_the_boundary_cannot_be_made(recorded: Recorded) -> None:
    unbounded: list[iam.Call] = [
        (service, operation, {key: value for key, value in given.items() if key != "PermissionsBoundary"})
        for service, operation, given in recorded.calls
    ]
    denied = {access.action for access in refused(POLICY, replace(recorded, calls=unbounded).accesses())}
    assert {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"} <= denied


def test_the_policy_fits_into_a_managed_one() -> None:
    assert len(re.sub(r"\s", "", json.dumps(POLICY))) <= MAX_MANAGED_POLICY_CHARACTERS
