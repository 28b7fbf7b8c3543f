"""Pages of listings, as AWS returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.cloud.values import Instance, StoredObject, Upload


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, in key order; ``next_token`` is None on the last one."""

    objects: tuple[StoredObject, ...]
    next_token: str | None
    folders: tuple[str, ...] = ()
    """The folders below, each with its whole key up to the slash; none where a listing goes into them."""

    @property
    def last_key(self) -> str:
        """Up to here, a key that the page does not have is not there."""
        return max((self.objects[-1].key if self.objects else ""), (self.folders[-1] if self.folders else ""))


@dataclass(frozen=True, slots=True)
class UploadMarker:
    """Where the next page of uploads begins, as S3 returned it."""

    key: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class UploadPage:
    """One page of multipart uploads; ``next_marker`` is None on the last one."""

    uploads: tuple[Upload, ...]
    next_marker: UploadMarker | None = None


@dataclass(frozen=True, slots=True)
class PartPage:
    """One page of an upload's parts; ``next_marker`` is None on the last one."""

    newest_at: datetime | None
    next_marker: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of the monitor's group, as a listing describes it."""

    name: str
    enabled: bool
    changed_at: datetime
    """When it was made or last changed, by whomever."""
    was_changed: bool = False
    """Whether it was changed since it was made."""


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """One page of schedules; ``next_token`` is None on the last one."""

    schedules: tuple[Schedule, ...]
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class InstancePage:
    """One page of instances; ``next_token`` is None on the last one."""

    instances: tuple[Instance, ...]
    next_token: str | None = None
