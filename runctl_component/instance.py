"""The EC2 instance of a run, and the profile with exactly what its box does."""

import re
from collections.abc import Container, Mapping
from decimal import Decimal
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract import names
from runctl_component import policies
from runctl_component.checked_args import CheckedArgs
from runctl_component.user_data import render_user_data

_ARM = re.compile(r"(?:[a-z]+\d+g|a1|.*-gb)")
_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
"""https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli"""

Tags = pulumi.Input[Mapping[str, pulumi.Input[str]]]

IGNORED_TAGS = [f'{where}["{tag}"]' for where in ("tags", "tagsAll") for tag in names.WRITTEN_BY_MONITOR]


def image_parameter(instance_type: str) -> str:
    """The public SSM parameter of the newest Amazon Linux 2023 for the processor of an instance type."""
    return f"{_IMAGE}{'arm64' if _ARM.match(instance_type) else 'x86_64'}"


def own_tags(name: str, checked: CheckedArgs) -> Tags:
    """The caller's tags, and the name: an Output as the value of one leaves the others plain."""
    own = checked.given.get("tags", {})
    if isinstance(own, Mapping):
        return {"Name": name, **cast("Mapping[str, pulumi.Input[str]]", own)}
    return checked.read(("tags",), lambda args: {"Name": name, **args["tags"]})


def found_by_tags(name: str, monitor: str, checked: CheckedArgs) -> Tags:
    """The tags by which the monitor and its events find the instance."""
    return {
        names.TAG_MONITOR: monitor,
        names.TAG_RUN: name,
        names.TAG_SCHEDULE: names.heartbeat_name(name),
        names.TAG_OUTPUT: checked.read(
            ("bucket", "prefix"), lambda args: names.output_tag(args["bucket"], args["prefix"])
        ),
    }


def merged(*parts: Tags) -> Tags:
    """Later tags win. As long as each part has its keys, an unknown value hides no other."""
    if any(isinstance(part, pulumi.Output) for part in parts):
        return pulumi.Output.all(*parts).apply(lambda known: {key: tag for part in known for key, tag in part.items()})
    return {key: tag for part in parts for key, tag in cast("Mapping[str, pulumi.Input[str]]", part).items()}


def shutdown_behavior(checked: Mapping[str, Any]) -> str:
    """What EC2 makes of a box that powers itself off; it cannot stop one-time spot instances."""
    destroys = checked["on_deadline"] == "terminate" or checked.get("spot") == "one-time"
    return "terminate" if destroys else "stop"


def powers_off_unmarked(checked: Mapping[str, Any], declared: Container[str]) -> bool:
    """Whether the box may give up on a marker that it cannot write.

    Where powering off destroys the disk, and with it what could not be uploaded, the program itself must have
    ``declared`` that a failed run and one past its deadline are terminated.
    """
    if checked["on_failure"] == "report":
        return False
    if shutdown_behavior(checked) == "stop":
        return True
    return all(field in declared and checked[field] == "terminate" for field in ("on_failure", "on_deadline"))


def market_options(checked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The purchase of a spot instance; None on demand."""
    if "spot" not in checked:
        return None
    persistent = checked["spot"] == "persistent"
    options = {
        "spot_instance_type": checked["spot"],
        "instance_interruption_behavior": "stop" if persistent else "terminate",
    }
    if "spot_max_price" in checked:
        # EC2 answers with six decimals, and any other text for the same price would be a replacement.
        options["max_price"] = f"{Decimal(checked['spot_max_price']):.6f}"
    return {"market_type": "spot", "spot_options": options}


USER_DATA_FIELDS = ("command", "user_data", "environment", "bucket", "prefix")


def user_data_text(name: str, checked: Mapping[str, Any], region: str) -> str:
    """The caller's own user data, or the on-box runner with the command."""
    if "user_data" in checked:
        return checked["user_data"]
    return render_user_data(
        command=checked["command"],
        environment=checked["environment"],
        run=name,
        bucket=checked["bucket"],
        prefix=checked["prefix"],
        region=region,
    )


def create_profile(
    name: str, checked: CheckedArgs, partition: pulumi.Output[str], parent: pulumi.Resource
) -> aws.iam.InstanceProfile:
    """A profile that lets the box write under its prefix and be reached by SSM, and nothing else."""
    opts = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-box",
        assume_role_policy=partition.apply(lambda known: policies.to_json(policies.instance_trust(known))),
        opts=opts,
    )
    policy = checked.read_with(("bucket", "prefix", "kms_key_arn"), partition, _policy_text)
    outputs = aws.iam.RolePolicy(f"{name}-box", role=role.id, policy=policy, opts=opts)
    agent = aws.iam.RolePolicyAttachment(
        f"{name}-ssm",
        role=role.name,
        policy_arn=partition.apply(lambda known: f"arn:{known}:iam::aws:policy/AmazonSSMManagedInstanceCore"),
        opts=opts,
    )
    # A box must not boot before it has its rights, nor lose them while it shuts down.
    with_rights = pulumi.ResourceOptions(parent=parent, depends_on=[outputs, agent])
    return aws.iam.InstanceProfile(f"{name}-box", role=role.name, opts=with_rights)


def _policy_text(args: Mapping[str, Any], partition: str) -> str:
    return policies.to_json(
        policies.instance_policy(
            partition=partition,
            bucket=args["bucket"],
            prefix=args["prefix"],
            kms_key_arns=[args["kms_key_arn"]] if "kms_key_arn" in args else [],
        )
    )
