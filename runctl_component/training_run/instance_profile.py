"""The instance profile, with exactly the rights that the runner needs."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract.metrics import GPU_METRIC, metric_meant
from runctl_component import policies
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.defaults import ROLE_ARGUMENTS
from runctl_component.instance_policy import instance_policy
from runctl_component.policy_documents import to_json


def profile_of(
    name: str, checked: CheckedArgs, partition: pulumi.Output[str], parent: pulumi.Resource
) -> tuple[pulumi.Output[str] | None, pulumi.Input[str]]:
    """The names of the instance's role and profile. The caller's own profile has a role that is not looked up."""
    if "iam_instance_profile" in checked:
        return None, checked.read_one("iam_instance_profile")
    role, profile = _create_profile(name, checked, partition, parent)
    return role.name, profile.name


def _create_profile(
    name: str, checked: CheckedArgs, partition: pulumi.Output[str], parent: pulumi.Resource
) -> tuple[aws.iam.Role, aws.iam.InstanceProfile]:
    """It lets the instance write under its prefix and be reached by SSM, and nothing else."""
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-box",
        assume_role_policy=partition.apply(lambda known: to_json(policies.instance_trust(known))),
        opts=opts,
        **checked.given_as(ROLE_ARGUMENTS),
    )
    policy = checked.read_with(_POLICY_FIELDS, partition, _policy_text)
    rights = aws.iam.RolePolicy(f"{name}-box", role=role.id, policy=policy, opts=opts)
    attached = [
        aws.iam.RolePolicyAttachment(f"{name}-box-{number}", role=role.name, policy_arn=arn, opts=opts)
        for number, arn in enumerate(_policy_arns(checked), start=1)
    ]
    # The instance must not boot before it has its rights, nor lose them while it shuts down.
    with_rights = pulumi.ResourceOptions(parent=parent, depends_on=[rights, *attached])
    path = checked.given_as({"path": ROLE_ARGUMENTS["path"]})
    return role, aws.iam.InstanceProfile(f"{name}-box", role=role.name, opts=with_rights, **path)


def _policy_arns(checked: CheckedArgs) -> list[pulumi.Input[str]]:
    """Each as it was declared, once all args are checked: one that is unknown hides no other."""
    return [checked.gate(arn) for arn in checked.given.get("policy_arns", [])]


_POLICY_FIELDS = ("bucket", "prefix", "kms_key_arn", "secrets", "idle")


def _policy_text(args: Mapping[str, Any], partition: str) -> str:
    idle = args.get("idle")
    return to_json(
        instance_policy(
            partition=partition,
            bucket=args["bucket"],
            prefix=args["prefix"],
            kms_key_arns=[args["kms_key_arn"]] if "kms_key_arn" in args else [],
            secrets=[*args.get("secrets", {}).values()],
            measures_gpu=bool(idle) and metric_meant(idle["metric"]) == GPU_METRIC,
        )
    )
