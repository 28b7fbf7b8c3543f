"""What the tests of audits share: audits themselves, and what people and tools do to a run."""

from __future__ import annotations

from typing import Any

from monitor_runtime.contract import names
from sandbox.aws.boto import client

from .cloud.moto_cloud import BUCKET, GROUP, PREFIX, Cloud

ALL_TAGS = (names.TAG_MONITOR, names.TAG_RUN, names.TAG_SCHEDULE, names.TAG_OUTPUT, names.TAG_ARMED)


def audit(cloud: Cloud) -> dict[str, Any]:
    return cloud.handle({"trigger": "audit"})


def flaws(reply: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(each["flaw"], each["instance_id"], each["made_good"]) for each in reply["findings"]]


def strip(instance_id: str, *tags: str) -> None:
    client("ec2").delete_tags(Resources=[instance_id], Tags=[{"Key": tag} for tag in tags])


def rewrite(name: str, **changes: Any) -> None:
    schedule = client("scheduler").get_schedule(GroupName=GROUP, Name=name)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "ActionAfterCompletion")
    wanted = {key: schedule[key] for key in kept if schedule.get(key)}
    client("scheduler").update_schedule(**{**wanted, **changes})


def delete(name: str) -> None:
    client("scheduler").delete_schedule(GroupName=GROUP, Name=name)


def second_run(cloud: Cloud) -> str:
    """The instance of another run of the monitor, past its first check."""
    other, prefix = cloud.launch_another("other"), f"{PREFIX}other/"
    client("ec2").create_tags(Resources=[other], Tags=[{"Key": names.TAG_OUTPUT, "Value": f"{BUCKET}/{prefix}"}])
    settings = {**cloud.settings.to_document(), "run": "other", "prefix": prefix}
    cloud.handle({"trigger": "first-check", "settings": settings})
    return other
