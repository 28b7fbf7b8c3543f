"""Every call of a lifecycle, asked of the policies that the component itself has declared."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from monitor_runtime.cloud import aws
from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import ACCOUNT_ID
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.story import play
from sandbox.demo.training import Training
from sandbox.sandbox import Sandbox

from ..iam.calls import Access, Account, accesses, refused, target_accesses
from ..iam.evaluator import Policy

ACCOUNT = Account(account_id=ACCOUNT_ID)


@dataclass
class Asked:
    """What the monitor asked AWS for, the schedules that it and Pulumi made, and what their roles may do."""

    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list[tuple[str, str, dict[str, Any]]])
    targets: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    policies: dict[str, list[Policy]] = field(default_factory=dict[str, list[Policy]])
    tags: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def look(self, cloud: Sandbox, training: Training) -> None:
        """Read the roles' policies and the tags by which they are conditioned."""
        roles = {role["RoleName"]: role for role in client("iam").list_roles()["Roles"]}
        for name in roles:
            self.policies[name] = [
                client("iam").get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in client("iam").list_role_policies(RoleName=name)["PolicyNames"]
            ]
        self.tags[training.instance_id] = cloud.tags(training.instance_id)
        for tag in client("ec2").describe_tags()["Tags"]:
            self.tags.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]

    def role(self, ending: str) -> list[Policy]:
        """The policies of the role that a child of the monitor has made."""
        (name,) = [name for name in self.policies if ending in name]
        return self.policies[name]


@contextmanager
def _recorded(asked: Asked) -> Generator[None]:
    send: Any = BaseClient._make_api_call  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]

    def observed(boto_client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        service = boto_client.meta.service_model.service_name
        if operation in {"CreateSchedule", "UpdateSchedule"}:
            asked.targets.append(parameters["Target"])
        if boto_client.meta.config.read_timeout == aws.CLIENT_CONFIG.read_timeout:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            asked.calls.append((service, operation, parameters))
        return cast("Any", send)(boto_client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", observed):
        yield


def _played(scenario: str) -> Asked:
    asked = Asked()
    with _recorded(asked):
        play(SCENARIOS[scenario], follow=asked.look)
    return asked


@pytest.mark.parametrize(
    "scenario", ["default", "events", "hang", "spot", "persistent", "idle", "outputs", "later", "unverified"]
)
def test_the_roles_that_the_component_declares_allow_all_that_a_lifecycle_asks_for(scenario: str) -> None:
    asked = _played(scenario)
    account = Account(account_id=ACCOUNT_ID, tags=asked.tags)
    of_the_function: list[Access] = [access for call in asked.calls for access in accesses(*call, account)]
    of_the_schedules: list[Access] = [access for target in asked.targets for access in target_accesses(target, account)]
    assert refused(asked.role("-function"), of_the_function) == []
    assert refused(asked.role("-scheduler"), of_the_schedules) == []
    assert {access.action for access in of_the_function} > {"ec2:DescribeInstances", "s3:ListBucket"}
    assert {access.action for access in of_the_schedules} >= {"lambda:InvokeFunction", "sqs:SendMessage"}
