"""What a check can know of the world: plain frozen values, each either known or unknown with a cause."""

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


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEADLINE = "deadline"
    IDLE = "idle"
    INTERRUPTED = "interrupted"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A source that failed. Never the same as "nothing there"."""

    cause: str
    permanent: bool = False
    """True when asking again gives the same answer until a person changes something: a policy, a pattern."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance as DescribeInstances tells it. ``launched_at`` moves on at every start after a stop."""

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


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A file that the marker's body says was written: its key and, if told, its size in bytes."""

    key: str
    size: int | None


@dataclass(frozen=True, slots=True)
class MarkerBody:
    """What a marker's JSON body tells; empty when the body is anything else."""

    outcome: Outcome | None = None
    exit_code: int | None = None
    message: str = ""
    manifest: tuple[ManifestEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the world. Sources that were not asked, because nothing hangs on them yet, are None."""

    instance: Instance | Unknown
    objects: tuple[StoredObject, ...] | Unknown | None = None
    """What matches a marker or an expected output; of other objects there may be some or none."""
    marker_body: MarkerBody | Unknown | None = None
    checkpoints: tuple[StoredObject, ...] | Unknown | None = None
    """What matches a checkpoint pattern or an entry of the marker's manifest."""
    uploads: tuple[Upload, ...] | Unknown | None = None
    metric_maxima: tuple[float, ...] | Unknown | None = None
    interruption_warned: bool = False
    objects_at: datetime | None = None
    """When S3 had told of the objects, which may be long after the look began: what it told of was there by then."""
