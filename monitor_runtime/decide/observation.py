"""What one look at the world found: each part known, or unknown with a cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor_runtime.cloud.interface import CloudError, ErrorKind, MetricWindow
from monitor_runtime.cloud.values import Instance, StoredObject, Upload
from monitor_runtime.contract.memory import Memory
from monitor_runtime.decide.completion import Completion, MarkerBody


@dataclass(frozen=True, slots=True)
class Unknown:
    """A source that failed. Never the same as "nothing there"."""

    cause: str
    permanent: bool = False
    """True when asking again gives the same answer until a person changes something: a policy, a pattern."""
    throttled: bool = False
    """True when the service asks for fewer requests."""

    @classmethod
    def of(cls, error: CloudError) -> Unknown:
        """What a call that failed leaves unknown."""
        return cls(str(error), permanent=error.kind is ErrorKind.REFUSED, throttled=error.throttled)


@dataclass(frozen=True, slots=True)
class MetricMaxima:
    """What CloudWatch had of a window: the maximum of each period for which it had data, by the period's beginning."""

    window: MetricWindow
    maxima: Mapping[datetime, float]


@dataclass(frozen=True, slots=True)
class Progress:
    """When the run last wrote what `Stalled.patterns` names, and when it will have stalled if nothing more comes."""

    since: datetime
    stalled_at: datetime
    uploading: str = ""
    """The key of an upload under way, looked for when all else says that the run has stalled."""
    large: str = ""
    """Which large objects there are, as a digest, and ``large_seen_at``, when these were first seen together."""
    large_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """What S3 says of the box's report: when it was written, None when it is not there.

    ``unreadable``: why it cannot be read although it is there; empty when it can.
    """

    written_at: datetime | None = None
    unreadable: str = ""

    def is_of(self, launched_at: datetime) -> bool:
        """Whether the box has reported in the launch of that time."""
        return self.written_at is not None and self.written_at >= launched_at


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at an instance and what it wrote.

    Sources that were not asked, because nothing depends on them yet, are None.
    """

    instance: Instance
    memory: Memory = field(default_factory=Memory)
    """What the tags of the instance said."""
    objects: tuple[StoredObject, ...] | Unknown | None = None
    """What matches a marker or an expected output; of other objects there may be some or none."""
    stale_markers: tuple[str, ...] = ()
    """Keys of markers that an earlier launch left behind."""
    completion: Completion | None = None
    """What completes the run, if anything does, with what the marker's body says where it was read."""
    unmet: tuple[str, ...] = ()
    """What of each expected output is missing, where that is what the run waits for."""
    marker_body: MarkerBody | Unknown | None = None
    checkpoints: tuple[StoredObject, ...] | Unknown | None = None
    """What matches a checkpoint pattern or an entry of the marker's manifest."""
    uploads: tuple[Upload, ...] | Unknown | None = None
    """The multipart uploads under way that leave the run's work in doubt."""
    metric_maxima: MetricMaxima | Unknown | None = None
    progress: Progress | Unknown | None = None
    sign_of_life: SignOfLife | Unknown | None = None
    interruption_warned: bool = False
    objects_at: datetime | None = None
    """When S3 had answered, which may be long after the look began: what it listed was there by then."""
