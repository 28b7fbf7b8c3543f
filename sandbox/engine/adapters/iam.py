"""Roles, their policies and instance profiles."""

from __future__ import annotations

import json
from typing import Any

from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import make_managed_policy_known
from sandbox.engine.adapters.adapter import (
    Adapter,
    Created,
    Inputs,
    Outputs,
    physical_name,
    picked,
    retag,
    same_json,
    tag_list,
    tag_map,
    unless_missing,
)

_ROLE_OPTIONS = {
    "path": "Path",
    "permissionsBoundary": "PermissionsBoundary",
    "description": "Description",
    "maxSessionDuration": "MaxSessionDuration",
}


def _create_role(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    role = client("iam").create_role(
        RoleName=title,
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Tags=tag_list(inputs.get("tags")),
        **picked(inputs, _ROLE_OPTIONS),
    )["Role"]
    return title, {"name": title, "arn": role["Arn"], "uniqueId": role["RoleId"], "path": role["Path"]}


def _read_role(identity: str, known: Outputs) -> Outputs | None:
    answer = unless_missing(lambda: client("iam").get_role(RoleName=identity))
    if answer is None:
        return None
    role = answer["Role"]
    trust = same_json(known.get("assumeRolePolicy"), json.dumps(role["AssumeRolePolicyDocument"]))
    return {"name": identity, "arn": role["Arn"], "assumeRolePolicy": trust, "tagsAll": tag_map(role.get("Tags"))}


def _update_role(identity: str, old: Outputs, new: Inputs) -> Outputs:
    iam = client("iam")
    iam.update_assume_role_policy(RoleName=identity, PolicyDocument=new["assumeRolePolicy"])
    if new.get("permissionsBoundary"):
        iam.put_role_permissions_boundary(RoleName=identity, PermissionsBoundary=new["permissionsBoundary"])
    elif old.get("permissionsBoundary"):
        iam.delete_role_permissions_boundary(RoleName=identity)
    iam.update_role(
        RoleName=identity,
        **picked(new, {"description": "Description", "maxSessionDuration": "MaxSessionDuration"}),
    )
    retag(
        old,
        new,
        lambda added: iam.tag_role(RoleName=identity, Tags=tag_list(added)),
        lambda removed: iam.untag_role(RoleName=identity, TagKeys=removed),
    )
    return {}


def _delete_role(identity: str, known: Outputs) -> None:
    """The provider takes a role out of its profiles before it deletes it."""
    del known
    iam = client("iam")
    for profile in iam.list_instance_profiles_for_role(RoleName=identity)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=identity)
    iam.delete_role(RoleName=identity)


def _put_role_policy(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    client("iam").put_role_policy(RoleName=inputs["role"], PolicyName=title, PolicyDocument=inputs["policy"])
    return f"{inputs['role']}:{title}", {"name": title}


def _read_role_policy(identity: str, known: Outputs) -> Outputs | None:
    role, _, title = identity.partition(":")
    answer = unless_missing(lambda: client("iam").get_role_policy(RoleName=role, PolicyName=title))
    if answer is None:
        return None
    return {"policy": same_json(known.get("policy"), json.dumps(answer["PolicyDocument"]))}


def _update_role_policy(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_role_policy(identity, new)
    return {}


def _delete_role_policy(identity: str, known: Outputs) -> None:
    del known
    role, _, title = identity.partition(":")
    client("iam").delete_role_policy(RoleName=role, PolicyName=title)


def _attach(name: str, inputs: Inputs) -> Created:
    make_managed_policy_known(inputs["policyArn"])
    client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}-{name}", {}


def _read_attachment(identity: str, known: Outputs) -> Outputs | None:
    del identity
    answer: Any = unless_missing(lambda: client("iam").list_attached_role_policies(RoleName=known["role"]))
    attached: list[Any] = answer["AttachedPolicies"] if answer else []
    return {} if known["policyArn"] in [policy["PolicyArn"] for policy in attached] else None


def _detach(identity: str, known: Outputs) -> None:
    del identity
    client("iam").detach_role_policy(RoleName=known["role"], PolicyArn=known["policyArn"])


def _create_profile(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    iam = client("iam")
    profile = iam.create_instance_profile(
        InstanceProfileName=title, Tags=tag_list(inputs.get("tags")), **picked(inputs, {"path": "Path"})
    )["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName=title, RoleName=inputs["role"])
    return title, {"name": title, "arn": profile["Arn"], "uniqueId": profile["InstanceProfileId"]}


def _read_profile(identity: str, known: Outputs) -> Outputs | None:
    del known
    answer: Any = unless_missing(lambda: client("iam").get_instance_profile(InstanceProfileName=identity))
    if answer is None:
        return None
    profile = answer["InstanceProfile"]
    roles = [role["RoleName"] for role in profile["Roles"]]
    return {"arn": profile["Arn"], "role": roles[0] if roles else None, "tagsAll": tag_map(profile.get("Tags"))}


def _update_profile(identity: str, old: Outputs, new: Inputs) -> Outputs:
    iam = client("iam")
    if old["role"] != new["role"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=identity, RoleName=old["role"])
        iam.add_role_to_instance_profile(InstanceProfileName=identity, RoleName=new["role"])
    retag(
        old,
        new,
        lambda added: iam.tag_instance_profile(InstanceProfileName=identity, Tags=tag_list(added)),
        lambda removed: iam.untag_instance_profile(InstanceProfileName=identity, TagKeys=removed),
    )
    return {}


def _delete_profile(identity: str, known: Outputs) -> None:
    del known
    iam = client("iam")
    profile = iam.get_instance_profile(InstanceProfileName=identity)["InstanceProfile"]
    for role in profile["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=identity, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=identity)


IAM = {
    "aws:iam/instanceProfile:InstanceProfile": Adapter(
        _create_profile, _read_profile, _delete_profile, _update_profile
    ),
    "aws:iam/role:Role": Adapter(_create_role, _read_role, _delete_role, _update_role),
    "aws:iam/rolePolicy:RolePolicy": Adapter(
        _put_role_policy, _read_role_policy, _delete_role_policy, _update_role_policy
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Adapter(_attach, _read_attachment, _detach),
}
