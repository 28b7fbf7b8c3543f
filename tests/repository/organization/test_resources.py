"""The recipes in Python and YAML: what they change of the resources."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from monitor_runtime.contract.names import WRITTEN_AFTER_LAUNCH
from monitor_runtime.contract.rules import Problem
from runctl_component import InvalidArgs
from runctl_component.args.check_run import check_early
from runctl_component.args.run_rules import MAX_TAGS
from runctl_component.stack.program import SHARED_MONITOR
from sandbox.aws.boto import client
from sandbox.engine.in_process import Deployment, evaluate
from sandbox.engine.stack import stack_program
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.sandbox import REGION, sandbox

from ...iam.calls import Account, accesses, refused
from ...iam.cases import AWS
from ...iam.evaluator import is_allowed
from ...runctl_component.forms import ALL, registered
from .page import BOUNDARY, SECTIONS, blocks, created, of, one, policies, previewed, prose

BUCKET = "my-training-outputs"
TAGS = "Default tags and tag policies"
KEYS = "Log and queue with a key of your own"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_every_role_that_is_made_has_the_boundary_and_the_path() -> None:
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET)
        made = created("Bounded roles with a path", cloud)
        roles = [
            client("iam").get_role(RoleName=role["RoleName"])["Role"] for role in client("iam").list_roles()["Roles"]
        ]
        profiles = client("iam").list_instance_profiles()["InstanceProfiles"]
    bounds = [(role["PermissionsBoundary"]["PermissionsBoundaryArn"], role["Path"]) for role in roles]
    assert bounds == [(BOUNDARY, "/training/")] * len(of(made, "Role"))
    assert sorted(each.name for each in of(made, "Role")) == [
        "bert-box",
        "bert-monitor-function",
        "bert-monitor-scheduler",
        "llama-ft-box",
        "shared-function",
        "shared-scheduler",
    ]
    assert [profile["Path"] for profile in profiles] == ["/training/"] * 2


def test_the_stacks_config_bounds_the_roles_of_its_monitor_and_of_its_runs() -> None:
    (config,) = blocks(SECTIONS["Bounded roles with a path"], "yaml")
    roles = of(_stack("prod", config), "Role")
    assert {each.name for each in roles} == {"llama-ft-box", "runs-function", "runs-scheduler"}
    bounds = {(each.inputs["permissionsBoundary"], each.inputs["path"]) for each in roles}
    assert bounds == {(BOUNDARY, "/training/")}


def _default_tags() -> Mapping[str, str]:
    (config,) = blocks(SECTIONS[TAGS], "yaml")
    return yaml.safe_load(config)["config"]["aws:defaultTags"]["tags"]


def test_default_tags_are_on_all_that_can_have_tags_but_on_objects() -> None:
    with sandbox() as cloud:
        provider = StandInProvider(cloud.functions, REGION)
        provider.configure({"defaultTags": json.dumps({"tags": _default_tags()})})
        tagged = {
            each.type.rpartition(":")[2]: provider.check(each.urn, {}, each.inputs, b"").inputs.get("tagsAll")
            for each in registered(ALL).resources
            if each.type.startswith("aws:")
        }
    without = {
        kind for kind, tags in tagged.items() if tags is not None and not _default_tags().items() <= tags.items()
    }
    assert without == {"BucketObjectv2"}
    assert {kind for kind, tags in tagged.items() if tags} >= {"Function", "Instance", "Queue", "Role", "ScheduleGroup"}
    assert tagged["Schedule"] is None


def _problems_of_tag(key: str) -> tuple[Problem, ...]:
    """What is wrong with such a tag of an instance that reads its tags."""
    try:
        check_early("llama-ft", {"bucket": "outputs", "command": "train", "tags": {key: "value"}})
    except InvalidArgs as error:
        return error.problems
    return ()


def test_the_keys_of_the_default_tags_are_such_as_the_metadata_service_takes() -> None:
    assert [problem for key in _default_tags() for problem in _problems_of_tag(key)] == []
    named = {"a b", "a/b", ".", "..", "_index"}
    assert [key for key in named if not _problems_of_tag(key)] == []
    assert all(f"`{sign}`" in SECTIONS[TAGS] for sign in ("/", ".", "..", "_index", "+-=.,_:@"))


def test_the_numbers_of_tags_are_those_of_the_product() -> None:
    said = re.search(r"may have (\d+)\. The product writes up to (\d+), so .* may be (\d+)\.", prose(TAGS))
    assert said
    room, ours, yours = map(int, said.groups())
    assert (room - ours, yours) == (MAX_TAGS, MAX_TAGS)


def test_the_products_own_keys_begin_with_its_name() -> None:
    tags = registered(ALL).one("Instance", "llama-ft").inputs["tags"]
    ours = {*tags, *WRITTEN_AFTER_LAUNCH} - {*ALL["tags"], "Name"}
    assert [key for key in ours if not key.startswith("runctl:")] == []


@pytest.mark.parametrize("kind", ["instance", "volume"])
def test_a_run_with_the_demanded_tag_is_launched_and_one_without_is_not(kind: str) -> None:
    (demand,) = policies(TAGS)
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    inputs = one(previewed(TAGS), "Instance", "llama-ft").inputs
    tags = inputs["tags"] if kind == "instance" else inputs["rootBlockDevice"]["tags"]

    def launches(given: Mapping[str, str]) -> bool:
        context = {f"aws:RequestTag/{key}": str(value) for key, value in given.items()}
        return is_allowed([everything, demand], "ec2:RunInstances", AWS.arn("ec2", f"{kind}/*"), context)

    assert launches(tags)
    assert not launches({key: value for key, value in tags.items() if key != "cost-center"})


def _function_policy(made: Deployment, monitor: str) -> dict[str, Any]:
    return json.loads(one(made, "RolePolicy", f"{monitor}-function").inputs["policy"])


def test_the_monitor_may_use_the_topics_key_through_sns_alone() -> None:
    with sandbox() as cloud:
        rights = _function_policy(created("An encrypted topic", cloud), "shared")
    encrypt = ("kms", "GenerateDataKey", {"KeyId": KEY, "ViaService": "sns.us-east-1.amazonaws.com"})
    assert refused(rights, accesses(*encrypt, AWS)) == []
    assert refused(rights, accesses("kms", "GenerateDataKey", {"KeyId": KEY}, AWS)) != []


def test_log_and_queue_have_the_key() -> None:
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET)
        created(KEYS, cloud)
        (log,) = client("logs").describe_log_groups()["logGroups"]
        (url,) = client("sqs").list_queues()["QueueUrls"]
        queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (log["kmsKeyId"], queue["KmsMasterKeyId"]) == (KEY, KEY)


_TRAINING = "arn:aws:iam::123456789012:role/training/llama-ft-monitor-scheduler-1234567"
_OTHER = "arn:aws:iam::123456789012:role/another"
_LOG = "arn:aws:logs:us-east-1:123456789012:log-group:llama-ft-monitor-log-1234567"


@pytest.mark.parametrize(
    ("principal", "context", "lets"),
    [
        ("cloudwatch.amazonaws.com", {}, True),
        ("events.amazonaws.com", {}, True),
        ("logs.us-east-1.amazonaws.com", {"kms:EncryptionContext:aws:logs:arn": _LOG}, True),
        ("logs.us-east-1.amazonaws.com", {}, False),
        ("s3.amazonaws.com", {}, False),
        (_TRAINING, {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}, True),
        (_TRAINING, {}, False),
        (_OTHER, {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}, False),
    ],
)
def test_the_keys_policy_lets_in_whoever_writes(principal: str, context: dict[str, str], lets: bool) -> None:
    (policy,) = policies(KEYS)
    caller = {"kms:CallerAccount": "123456789012", "aws:PrincipalArn": principal} if ":role/" in principal else {}
    asked = {**context, **caller}
    actions = ("kms:Decrypt", "kms:GenerateDataKey")
    assert [is_allowed(policy, action, KEY, asked, principal=principal) for action in actions] == [lets, lets]


def test_the_instance_is_in_the_private_subnet() -> None:
    inputs = one(previewed("Private subnets without NAT"), "Instance", "llama-ft").inputs
    assert (inputs["subnetId"], inputs["vpcSecurityGroupIds"]) == ("subnet-0123456789abcdef0", ["sg-0123456789abcdef0"])


def test_the_function_is_in_the_vpc_with_the_rights_to_its_interfaces_and_its_own() -> None:
    with sandbox() as cloud:
        made = created("The monitor in a VPC", cloud)
        (function,) = client("lambda").list_functions()["Functions"]
        rights = _function_policy(made, "shared")
        untouched = json.loads(one(made, "RolePolicy", "shared-scheduler").inputs["policy"])
    assert function["VpcConfig"]["SubnetIds"] == ["subnet-0123456789abcdef0"]
    managed = ["CreateNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets", "DeleteNetworkInterface"]
    needed = [*managed, "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"]
    assert [verb for verb in needed if not is_allowed(rights, f"ec2:{verb}", "*")] == []
    assert refused(rights, accesses("ec2", "DescribeInstances", {}, Account())) == []
    assert not is_allowed(untouched, "ec2:CreateNetworkInterface", "*")


def test_the_instance_is_placed_as_it_was_wished_and_nothing_else_of_it_is_changed() -> None:
    inputs = one(previewed("Capacity reservations, placement groups, EFA"), "Instance", "llama-ft").inputs
    reserved = {"capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}}
    assert (inputs["capacityReservationSpecification"], inputs["placementGroup"]) == (reserved, "trainings")
    assert "networkInterfaceId" in inputs["primaryNetworkInterface"]
    assert "subnetId" not in inputs
    assert inputs["tags"]["runctl:run"] == "llama-ft"


def _stack(name: str, config: str) -> Deployment:
    given = {key: json.dumps(value) for key, value in yaml.safe_load(config)["config"].items()}
    with sandbox():
        return evaluate(stack_program, config=given, region=REGION, functions=None, stack=name)


def test_dev_and_prod_share_neither_a_place_nor_a_monitor() -> None:
    configs = blocks(SECTIONS["Environments: dev and prod"], "yaml")
    stacks = {name: _stack(name, config) for name, config in zip(("dev", "prod"), configs, strict=True)}
    tags = {name: one(made, "Instance", "llama-ft").inputs["tags"] for name, made in stacks.items()}
    for name in stacks:
        assert tags[name]["runctl:output"] == f"{BUCKET}/runctl/{name}/llama-ft/"
        assert tags[name]["runctl:monitor"] == f"runctl/{name}/{SHARED_MONITOR}"
