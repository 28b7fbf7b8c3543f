from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.engine.operations import Operation, OrderedFailureError
from sandbox.engine.stand_in_provider import Checked, ProviderError, StandInProvider
from sandbox.engine.values import UNKNOWN
from sandbox.sandbox import REGION, Sandbox, sandbox

GROUP = "aws:scheduler/scheduleGroup:ScheduleGroup"
QUEUE = "aws:sqs/queue:Queue"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
QUEUE_INPUTS: dict[str, Any] = {"messageRetentionSeconds": 60, "sqsManagedSseEnabled": True}


def urn(kind: str, name: str = "mine") -> str:
    return f"urn:pulumi:dev::project::runctl:index:Monitor${kind}::{name}"


@dataclass
class Cloud:
    provider: StandInProvider
    sandbox: Sandbox

    def check(
        self, kind: str, inputs: dict[str, Any], old: dict[str, Any] | None = None, seed: bytes = b"1"
    ) -> Checked:
        return self.provider.check(urn(kind), old or {}, inputs, seed)

    def create(self, kind: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        checked = self.check(kind, inputs)
        assert checked.failures == []
        identity, state = self.provider.create(urn(kind), checked.inputs, preview=False)
        return identity, state, checked.inputs


@pytest.fixture
def cloud() -> Generator[Cloud]:
    with sandbox() as world:
        yield Cloud(StandInProvider(world.functions, REGION), world)


def test_a_resource_without_a_name_gets_the_logical_one_and_seven_hex_digits(cloud: Cloud) -> None:
    name: str = cloud.check(GROUP, {}).inputs["name"]
    logical, _, suffix = name.rpartition("-")
    assert logical == "mine"
    assert len(bytes.fromhex(f"0{suffix}")) == 4


def test_the_name_stays_until_the_resource_is_replaced(cloud: Cloud) -> None:
    first = cloud.check(GROUP, {}).inputs
    assert cloud.check(GROUP, {}, old=first, seed=b"2").inputs["name"] == first["name"]
    assert cloud.check(GROUP, {}, seed=b"2").inputs["name"] != first["name"]


def test_a_name_that_is_no_longer_declared_is_pulumis_again(cloud: Cloud) -> None:
    declared = cloud.check(GROUP, {"name": "own"}).inputs
    assert declared["name"] == "own"
    assert cloud.check(GROUP, {}, old=declared).inputs["name"] != "own"


def test_names_that_aws_chooses_are_not_pulumis(cloud: Cloud) -> None:
    inputs = cloud.check("aws:ec2/tag:Tag", {"key": "k", "value": "v", "resourceId": "i-1"}).inputs
    assert set(inputs) == {"key", "value", "resourceId", "__defaults"}


@pytest.mark.parametrize(
    ("inputs", "failure"),
    [({}, ("dashboardBody", "is required")), ({"dashboardBody": "{}", "size": 1}, ("size", "is no property of"))],
)
def test_inputs_that_the_type_does_not_take_are_refused(
    cloud: Cloud, inputs: dict[str, Any], failure: tuple[str, str]
) -> None:
    ((path, reason),) = cloud.check(DASHBOARD, {"dashboardName": "d", **inputs}).failures
    assert path == failure[0]
    assert reason.startswith(failure[1])


def test_the_checked_inputs_have_the_tags_of_all_levels(cloud: Cloud) -> None:
    cloud.provider.configure({"defaultTags": '{"tags": {"team": "ml", "stage": "dev"}}'})
    inputs = cloud.check(GROUP, {"tags": {"stage": "prod"}}).inputs
    assert inputs["tagsAll"] == {"team": "ml", "stage": "prod"}
    assert inputs["tags"] == {"stage": "prod"}


def test_tags_of_all_levels_are_unknown_when_one_is(cloud: Cloud) -> None:
    assert cloud.check(GROUP, {"tags": {"stage": UNKNOWN}}).inputs["tagsAll"] == UNKNOWN


def test_a_preview_makes_nothing_and_knows_what_was_declared(cloud: Cloud) -> None:
    inputs = cloud.check(QUEUE, QUEUE_INPUTS).inputs
    identity, state = cloud.provider.create(urn(QUEUE), inputs, preview=True)
    assert identity == ""
    assert (state["arn"], state["url"]) == (UNKNOWN, UNKNOWN)
    assert state["messageRetentionSeconds"] == 60
    assert client("sqs").list_queues().get("QueueUrls") is None
    assert cloud.provider.operations.done == []


def test_what_was_made_is_there_with_the_tags_of_the_provider(cloud: Cloud) -> None:
    cloud.provider.configure({"defaultTags": '{"tags": {"team": "ml"}}'})
    url, state, _ = cloud.create(QUEUE, QUEUE_INPUTS)
    assert client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"team": "ml"}
    assert state["arn"].endswith(state["name"])
    assert "__defaults" not in state


def test_a_change_is_made_in_place_or_by_a_replacement(cloud: Cloud) -> None:
    url, state, inputs = cloud.create(QUEUE, QUEUE_INPUTS)
    longer = {**inputs, "messageRetentionSeconds": 120}
    difference = cloud.provider.diff(urn(QUEUE), state, inputs, longer, [])
    assert [change.path for change in difference.changes] == ["messageRetentionSeconds"]
    assert difference.replaced == frozenset()
    updated = cloud.provider.update(urn(QUEUE), url, state, longer, [], preview=False)
    assert updated["messageRetentionSeconds"] == 120
    assert cloud.provider.read(urn(QUEUE), url, updated, longer) == (updated, longer)
    renamed = cloud.provider.diff(urn(QUEUE), state, inputs, {**inputs, "name": "other"}, [])
    assert renamed.replaced == {"name"}
    assert not renamed.delete_before_replace


def test_a_resource_with_a_name_of_its_own_is_deleted_before_it_is_replaced(cloud: Cloud) -> None:
    body = {"dashboardBody": '{"widgets": []}'}
    _, state, inputs = cloud.create("aws:sqs/queue:Queue", {**QUEUE_INPUTS, "name": "own"})
    difference = cloud.provider.diff(urn(QUEUE), state, inputs, {**inputs, "fifoQueue": True, **body}, [])
    assert difference.delete_before_replace


def test_an_update_in_a_preview_changes_nothing(cloud: Cloud) -> None:
    url, state, inputs = cloud.create(QUEUE, QUEUE_INPUTS)
    longer = {**inputs, "messageRetentionSeconds": 120}
    shown = cloud.provider.update(urn(QUEUE), url, state, longer, [], preview=True)
    assert shown["messageRetentionSeconds"] == 120
    assert cloud.provider.read(urn(QUEUE), url, state, inputs) == (state, inputs)


def test_what_is_ignored_is_neither_a_change_nor_changed(cloud: Cloud) -> None:
    url, state, inputs = cloud.create(QUEUE, QUEUE_INPUTS)
    longer, ignored = {**inputs, "messageRetentionSeconds": 120}, ["messageRetentionSeconds"]
    assert cloud.provider.diff(urn(QUEUE), state, inputs, longer, ignored).changes == []
    assert (
        cloud.provider.update(urn(QUEUE), url, state, longer, ignored, preview=False)["messageRetentionSeconds"] == 60
    )


def test_what_is_gone_is_read_as_gone(cloud: Cloud) -> None:
    url, state, inputs = cloud.create(QUEUE, QUEUE_INPUTS)
    client("sqs").delete_queue(QueueUrl=url)
    assert cloud.provider.read(urn(QUEUE), url, state, inputs) is None


def test_tags_that_others_write_come_with_a_refresh_and_not_into_the_inputs(cloud: Cloud) -> None:
    role = "aws:iam/role:Role"
    cloud.provider.configure({"defaultTags": '{"tags": {"team": "ml"}}'})
    identity, state, inputs = cloud.create(role, {"assumeRolePolicy": '{"Version": "2012-10-17"}', "tags": {"a": "1"}})
    client("iam").tag_role(RoleName=identity, Tags=[{"Key": "b", "Value": "2"}])
    found = cloud.provider.read(urn(role), identity, state, inputs)
    assert found
    assert found[0]["tagsAll"] == {"team": "ml", "a": "1", "b": "2"}
    assert found[0]["tags"] == {"a": "1", "b": "2"}
    assert found[1]["tags"] == {"a": "1"}
    assert found[1] == inputs


def test_an_operation_fails_as_often_as_it_was_told_to(cloud: Cloud) -> None:
    operations = cloud.provider.operations
    operations.fail("create", QUEUE, "mine", "no capacity", times=2)
    inputs = cloud.check(QUEUE, QUEUE_INPUTS).inputs
    for _ in range(2):
        with pytest.raises(OrderedFailureError, match="no capacity"):
            cloud.provider.create(urn(QUEUE), inputs, preview=False)
    assert client("sqs").list_queues().get("QueueUrls") is None
    cloud.provider.create(urn(QUEUE), inputs, preview=False)
    assert operations.done == [Operation("create", QUEUE, "mine")]
    assert operations.outstanding == []


def test_a_failure_that_was_ordered_and_never_came_is_outstanding(cloud: Cloud) -> None:
    cloud.provider.operations.fail("delete", QUEUE, "other")
    cloud.create(QUEUE, QUEUE_INPUTS)
    assert cloud.provider.operations.outstanding == [Operation("delete", QUEUE, "other")]


@pytest.mark.parametrize(
    ("kind", "inputs", "message"),
    [
        ("aws:ec2/nothing:Nothing", {}, "the SDK has no resource type aws:ec2/nothing:Nothing"),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, "the sandbox has no aws:ec2/vpc:Vpc"),
        (QUEUE, {**QUEUE_INPUTS, "delaySeconds": 5}, "does not know delaySeconds of a aws:sqs/queue:Queue"),
    ],
)
def test_what_it_does_not_know_is_an_error_that_names_it(
    cloud: Cloud, kind: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ProviderError, match=message):
        cloud.provider.create(urn(kind), cloud.check(kind, inputs).inputs, preview=False)


def test_an_unknown_function_is_an_error_that_names_it(cloud: Cloud) -> None:
    with pytest.raises(LookupError, match="getNothing"):
        cloud.provider.invoke("aws:ec2/getNothing:getNothing", {})


def test_a_function_answers_from_the_sandbox(cloud: Cloud) -> None:
    assert cloud.provider.invoke("aws:index/getRegion:getRegion", {})["region"] == REGION


@pytest.mark.parametrize(
    ("config", "message"),
    [({"profile": "mine"}, "does not know the config profile"), ({"region": "eu-west-1"}, "region")],
)
def test_config_that_it_cannot_follow_is_refused(cloud: Cloud, config: dict[str, str], message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        cloud.provider.configure(config)


def test_it_imports_nothing(cloud: Cloud) -> None:
    with pytest.raises(ProviderError, match="imports nothing"):
        cloud.provider.read(urn(QUEUE), "url", {}, {})


def test_a_deleted_resource_is_gone(cloud: Cloud) -> None:
    url, state, _ = cloud.create(QUEUE, QUEUE_INPUTS)
    cloud.provider.delete(urn(QUEUE), url, state)
    assert client("sqs").list_queues().get("QueueUrls") is None
