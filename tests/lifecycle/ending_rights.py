"""Who looks at an instance, and may end it: by the schedules, the functions and the roles that are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from monitor_runtime.contract import names
from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import ACCOUNT_ID

from ..iam.calls import Account, accesses, refused, target_accesses
from ..iam.evaluator import Policy


@dataclass(frozen=True)
class EndingRights:
    """An instance as it is tagged now, and what IAM says of those that might end it."""

    instance_id: str

    @property
    def tags(self) -> dict[str, str]:
        """The instance's tags."""
        found = client("ec2").describe_instances(InstanceIds=[self.instance_id])["Reservations"][0]["Instances"][0]
        return {tag["Key"]: tag["Value"] for tag in found["Tags"]}

    def watchers(self) -> list[str]:
        """The functions that a heartbeat wakes for the instance as it is tagged, and whose roles may stop it."""
        return [function for schedule in _schedules() for function in self._watching(schedule)]

    def switches(self) -> list[str]:
        """The groups in which a deadline switch for the instance lies that may stop it."""
        own = names.deadline_switch_name(self.instance_id)
        found = [schedule for schedule in _schedules() if schedule["Name"] == own]
        return [schedule["GroupName"] for schedule in found if self._is_let_through(schedule["Target"])]

    def _watching(self, schedule: dict[str, Any]) -> Iterator[str]:
        tags = self.tags
        if schedule["Name"] != tags[names.TAG_SCHEDULE] or schedule["State"] != "ENABLED":
            return
        settings = json.loads(schedule["Target"]["Input"])["settings"]
        if names.run_tags(settings["monitor"], settings["run"]).items() <= tags.items():
            for function in client("lambda").list_functions()["Functions"]:
                is_woken = function["FunctionArn"] == schedule["Target"]["Arn"]
                if is_woken and self._is_let_through(schedule["Target"]) and self._may_stop(function["Role"]):
                    yield function["FunctionName"]

    def _is_let_through(self, target: dict[str, Any]) -> bool:
        policies = _policies(target["RoleArn"])
        return bool(policies) and refused(policies, target_accesses(target, self._account())) == []

    def _may_stop(self, role_arn: str) -> bool:
        asked = accesses("ec2", "StopInstances", {"InstanceIds": [self.instance_id]}, self._account())
        policies = _policies(role_arn)
        return bool(policies) and refused(policies, asked) == []

    def _account(self) -> Account:
        return Account(account_id=ACCOUNT_ID, tags={self.instance_id: self.tags})


def _schedules() -> list[dict[str, Any]]:
    scheduler = client("scheduler")
    listed = scheduler.list_schedules()["Schedules"]
    return [scheduler.get_schedule(GroupName=each["GroupName"], Name=each["Name"]) for each in listed]


def _policies(role_arn: str) -> list[Policy]:
    """What a role's own policies are; none where there is no such role."""
    iam = client("iam")
    role = role_arn.rpartition("/")[2]
    if role not in {each["RoleName"] for each in iam.list_roles()["Roles"]}:
        return []
    listed = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"] for policy in listed]
