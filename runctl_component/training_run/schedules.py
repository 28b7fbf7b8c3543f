"""What wakes the monitor for a run: its heartbeat and its first check."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract import names
from monitor_runtime.contract.triggers import rate
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.training_run.monitor_link import MonitorLink

Message = str | pulumi.Output[str]


def create_heartbeat(
    name: str, checked: CheckedArgs, monitor: MonitorLink, message: Message, parent: pulumi.Resource
) -> aws.scheduler.Schedule:
    """The schedule whose input holds the run's settings."""
    return aws.scheduler.Schedule(
        f"{name}-heartbeat",
        name=names.heartbeat_name(name),
        group_name=monitor.schedule_group_name,
        description=f"Wakes the monitor for the training run {name}",
        schedule_expression=checked.read(("max_interval_seconds",), lambda args: rate(args["max_interval_seconds"])),
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": monitor.function_arn,
            "role_arn": monitor.scheduler_role_arn,
            "input": checked.gate(message),
            "dead_letter_config": {"arn": monitor.dead_letter_arn},
            "retry_policy": {"maximum_event_age_in_seconds": 300, "maximum_retry_attempts": 3},
        },
        # Under another monitor it is another schedule, in another group. The provider would delete first what was
        # given a name, and nobody would look at the run should the new one fail.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=monitor.depends_on, delete_before_replace=False),
    )


def create_first_check(
    name: str,
    checked: CheckedArgs,
    monitor: MonitorLink,
    message: Message,
    *,
    instance: aws.ec2.Instance,
    heartbeat: aws.scheduler.Schedule,
    parent: pulumi.Resource,
) -> None:
    """It fails ``up`` when the monitor could not do its work."""
    # Its input is ignored after creation: it is made again when the instance is another, or when there is something
    # new to prove. On removal, the monitor takes its own schedules of the run away, so the old check goes first.
    first_check = aws.lambda_.Invocation(
        f"{name}-first-check",
        function_name=monitor.function_name,
        input=message,
        lifecycle_scope="CRUD",
        triggers=checked.read_with(_PROVEN, instance.id, first_check_triggers),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[*monitor.depends_on, heartbeat],
            ignore_changes=["input"],
            replace_on_changes=["triggers"],
            delete_before_replace=True,
        ),
    )
    monitor.expect_checks(first_check)


_PROVEN = ("bucket", "prefix", "s3_events", "kms_key_arn")


def first_check_triggers(args: Mapping[str, Any], instance_id: str) -> dict[str, str]:
    """What a first check has proven: that the monitor sees the instance, can read the outputs and gets their events."""
    return {
        "instance": instance_id,
        "output": names.output_tag(args["bucket"], args["prefix"]),
        "s3_events": str(bool(args["s3_events"])).lower(),
        "kms_key_arn": args.get("kms_key_arn", ""),
    }
