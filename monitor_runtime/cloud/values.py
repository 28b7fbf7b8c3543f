"""What AWS tells of instances, objects and uploads, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class InstanceState(StrEnum):
    """EC2's states, and ``gone`` for an instance that EC2 does not know (any more, or not yet)."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"
    GONE = "gone"


ON = frozenset({InstanceState.PENDING, InstanceState.RUNNING})
"""An instance in these states costs its full price, and may be at work."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """What a call did to an instance: its state before the call, and after it."""

    previous: InstanceState
    current: InstanceState


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance as DescribeInstances returns it. ``launched_at`` moves on at every start after a stop."""

    instance_id: str
    state: InstanceState
    launched_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    spot_request_id: str | None = None
    state_changed_at: datetime | None = None
    """From StateTransitionReason: when the stop or termination was asked for, where EC2 says it."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An S3 object; ``key`` is whole, with the prefix, and decoded."""

    key: str
    size: int
    modified_at: datetime
    """LastModified; of a multipart upload it is the time at which the upload began.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
    multipart: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    initiated_at: datetime
    upload_id: str = ""
    moved_at: datetime | None = None
    """When its newest part arrived; None where it has none, or was not looked into."""

    @property
    def last_movement(self) -> datetime:
        """When something was last heard of it."""
        return max(self.initiated_at, self.moved_at or self.initiated_at)
