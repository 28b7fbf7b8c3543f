"""What people and policies do to what ends a run: take away, disable, move, strip, and deny a right for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from monitor_runtime.cloud.interface import Change
from sandbox.simulation.world.timeline import HOUR, MINUTE


class Tampering(StrEnum):
    """The deeds."""

    SWITCH_DELETED = "switch deleted"
    SWITCH_DISABLED = "switch disabled"
    SWITCH_MOVED = "switch moved"
    HEARTBEAT_DISABLED = "heartbeat disabled"
    TAGS_STRIPPED = "tags stripped"
    MONITOR_STRIPPED = "monitor's tag stripped"


OF_SWITCH = frozenset({Tampering.SWITCH_DELETED, Tampering.SWITCH_DISABLED, Tampering.SWITCH_MOVED})
OF_TAGS = frozenset({Tampering.TAGS_STRIPPED, Tampering.MONITOR_STRIPPED})


@dataclass(frozen=True, slots=True)
class TamperingPlan:
    """A deed, when it is done after the launch, and how long after it somebody undoes what only a person can undo."""

    kind: Tampering
    at: int
    undone_after: int


def draw_tampering(seed: int, works_for: int, *, spares_tags: bool) -> TamperingPlan | None:
    """What the seed says, apart from all else that it says. ``spares_tags``: tags that people wrote must stay."""
    random = Random(f"{seed}:tampering")
    if random.random() >= 0.15:
        return None
    kinds = [kind for kind in Tampering if not (spares_tags and kind in OF_TAGS)]
    at = int(random.uniform(0.05, 0.9) * works_for)
    return TamperingPlan(random.choice(kinds), at, random.randint(10 * MINUTE, 5 * HOUR))


class Right(StrEnum):
    """What the calls of the monitor need. The deadline switch has a role of its own."""

    DESCRIBE = "ec2:DescribeInstances"
    STOP = "ec2:StopInstances"
    TERMINATE = "ec2:TerminateInstances"
    TAG = "ec2:CreateTags"
    CANCEL = "ec2:CancelSpotInstanceRequests"
    LIST_BUCKET = "s3:ListBucket"
    GET_OBJECT = "s3:GetObject"
    LIST_UPLOADS = "s3:ListBucketMultipartUploads"
    LIST_PARTS = "s3:ListMultipartUploadParts"
    CREATE_SCHEDULE = "scheduler:CreateSchedule"
    UPDATE_SCHEDULE = "scheduler:UpdateSchedule"
    DELETE_SCHEDULE = "scheduler:DeleteSchedule"
    GET_SCHEDULE = "scheduler:GetSchedule"
    LIST_SCHEDULES = "scheduler:ListSchedules"
    PUBLISH = "sns:Publish"
    METRIC = "cloudwatch:GetMetricData"
    SEND_COMMAND = "ssm:SendCommand"
    GET_INVOCATION = "ssm:GetCommandInvocation"


NEEDED: Mapping[str, Right] = {
    "describe_instance": Right.DESCRIBE,
    "find_instances": Right.DESCRIBE,
    "outputs_below": Right.DESCRIBE,
    "list_instances": Right.DESCRIBE,
    "find_by": Right.DESCRIBE,
    "stop_instance": Right.STOP,
    "terminate_instance": Right.TERMINATE,
    "tag_instance": Right.TAG,
    "cancel_spot_request": Right.CANCEL,
    "list_folder": Right.LIST_BUCKET,
    "read_object": Right.GET_OBJECT,
    "list_uploads": Right.LIST_UPLOADS,
    "list_parts": Right.LIST_PARTS,
    "delete_schedule": Right.DELETE_SCHEDULE,
    "schedule_input": Right.GET_SCHEDULE,
    "find_schedule": Right.GET_SCHEDULE,
    "has_deadline_switch": Right.GET_SCHEDULE,
    "heartbeat_was_changed": Right.GET_SCHEDULE,
    "list_schedules": Right.LIST_SCHEDULES,
    "publish": Right.PUBLISH,
    "metric_maxima": Right.METRIC,
    "stop_unit": Right.SEND_COMMAND,
    "command_state": Right.GET_INVOCATION,
}
"""The right that a call needs, where its kind alone says so."""
NEEDED_TO: Mapping[Change, Right] = {
    Change.STOP: Right.STOP,
    Change.TERMINATE: Right.TERMINATE,
    Change.TAG: Right.TAG,
    Change.CANCEL_SPOT_REQUEST: Right.CANCEL,
}


_SELDOM_NEEDED = frozenset(
    {Right.GET_OBJECT, Right.LIST_PARTS, Right.METRIC, Right.CANCEL, Right.SEND_COMMAND, Right.GET_INVOCATION}
)
"""Few runs come to need these: they are drawn more often."""


@dataclass(frozen=True, slots=True)
class DenialPlan:
    """Which right is denied, and from when on, counted from the launch."""

    right: Right
    at: int


def draw_denial(seed: int, works_for: int) -> DenialPlan | None:
    """What the seed says, apart from all else that it says."""
    random = Random(f"{seed}:denial")
    if random.random() >= 0.2:
        return None
    right = random.choices(tuple(Right), [3 if right in _SELDOM_NEEDED else 1 for right in Right])[0]
    return DenialPlan(right, 0 if random.random() < 0.5 else int(random.uniform(0.0, 1.1) * works_for))
