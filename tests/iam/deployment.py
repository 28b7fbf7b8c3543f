"""What IAM asks about the calls of whoever deploys: actions, resources and condition keys.

From the service authorization reference; what a call demands beside itself, such as the right to tag what it creates,
is from the services' documentation.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .calls import Access, Account, Parameters

Call = tuple[str, str, Parameters]
"""Service, operation and parameters, as botocore names them."""

_TAGGING = {
    "cloudwatch": "cloudwatch:TagResource",
    "events": "events:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "scheduler": "scheduler:TagResource",
    "sqs": "sqs:TagQueue",
    "ssm": "ssm:AddTagsToResource",
}
"""Beside the right to create what has tags from the beginning."""
_ACTIONS = {("s3", "HeadObject"): "s3:GetObject"}
_BOUNDED = {
    "AttachRolePolicy",
    "CreateRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
}
"""Those of IAM that know the boundary of the role that they change."""
_KINDS = {"i": "instance", "vol": "volume", "sir": "spot-instances-request"}


@dataclass
class Deployment:
    """The calls of a deployment, in their order: what was made by the first ones is known of the next."""

    account: Account
    _paths: dict[str, str] = field(default_factory=dict[str, str])
    _boundaries: dict[str, str] = field(default_factory=dict[str, str])

    def accesses(self, calls: Sequence[Call]) -> list[Access]:
        """All that IAM is asked."""
        return [access for service, operation, given in calls for access in self._of(service, operation, given)]

    def _of(self, service: str, operation: str, given: Parameters) -> Iterator[Access]:
        action = _ACTIONS.get((service, operation), f"{service}:{operation}")
        if service == "iam":
            yield from self._of_iam(action, operation, given)
        elif service == "ec2":
            yield from self._of_ec2(action, operation, given)
        elif service == "s3":
            key = f"/{given['Key']}" if "Key" in given else ""
            yield Access(action, f"arn:{self.account.partition}:s3:::{given['Bucket']}{key}", {})
        else:
            yield Access(action, self._resource(service, operation, given), {})
            if (given.get("Tags") or given.get("tags")) and service in _TAGGING:
                yield Access(_TAGGING[service], "*", {})
        yield from self._handed_over(operation, given)

    def _resource(self, service: str, operation: str, given: Parameters) -> str:
        if (service, operation) == ("ssm", "GetParameter"):
            return f"arn:{self.account.partition}:ssm:{self.account.region}::parameter{given['Name']}"
        return "*"

    def _of_iam(self, action: str, operation: str, given: Parameters) -> Iterator[Access]:
        is_profile = "InstanceProfileName" in given
        name = str(given["InstanceProfileName"] if is_profile else given["RoleName"])
        if operation in {"CreateRole", "CreateInstanceProfile"}:
            self._paths[name] = given.get("Path", "/")
        if operation in {"CreateRole", "PutRolePermissionsBoundary"} and "PermissionsBoundary" in given:
            self._boundaries[name] = given["PermissionsBoundary"]
        resource = self._iam_arn("instance-profile" if is_profile else "role", name)
        bounded = operation in _BOUNDED and name in self._boundaries
        yield Access(action, resource, {"iam:PermissionsBoundary": self._boundaries[name]} if bounded else {})
        if operation in {"CreateRole", "CreateInstanceProfile"} and given.get("Tags"):
            yield Access("iam:TagInstanceProfile" if is_profile else "iam:TagRole", resource, {})

    def _iam_arn(self, kind: str, name: str) -> str:
        return f"arn:{self.account.partition}:iam::{self.account.account_id}:{kind}{self._paths.get(name, '/')}{name}"

    def _of_ec2(self, action: str, operation: str, given: Parameters) -> Iterator[Access]:
        if operation == "RunInstances":
            yield Access(action, "*", {})
            for specification in given.get("TagSpecifications", []):
                created = self.account.arn("ec2", f"{specification['ResourceType']}/*")
                yield Access("ec2:CreateTags", created, {"ec2:CreateAction": operation})
            return
        named = [given[key] for key in ("InstanceId", "VolumeId") if key in given]
        for resource_id in [*named, *given.get("InstanceIds", []), *given.get("Resources", [])] or [""]:
            kind = _KINDS.get(resource_id.partition("-")[0])
            resource = self.account.arn("ec2", f"{kind}/{resource_id}") if kind else "*"
            yield Access(
                action, "*" if operation.startswith("Describe") else resource, self.account.tag_keys(resource_id)
            )

    def _handed_over(self, operation: str, given: Parameters) -> Iterator[Access]:
        """The roles that a call gives to a service: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html."""
        roles = {
            "AddRoleToInstanceProfile": (self._iam_arn("role", str(given.get("RoleName"))), "ec2.amazonaws.com"),
            "CreateFunction": (given.get("Role"), "lambda.amazonaws.com"),
            "UpdateFunctionConfiguration": (given.get("Role"), "lambda.amazonaws.com"),
            "CreateSchedule": (given.get("Target", {}).get("RoleArn"), "scheduler.amazonaws.com"),
            "UpdateSchedule": (given.get("Target", {}).get("RoleArn"), "scheduler.amazonaws.com"),
        }
        role, service = roles.get(operation, (None, ""))
        if role:
            yield Access("iam:PassRole", role, {"iam:PassedToService": service})
