"""What the monitor asks of AWS: one interface, so that a check runs the same on AWS, on moto and in a simulation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from monitor_runtime.cloud.pages import InstancePage, Page, PartPage, Schedule, SchedulePage, UploadMarker, UploadPage
from monitor_runtime.cloud.values import Instance, StateChange
from monitor_runtime.contract.outcomes import Action


class ErrorKind(StrEnum):
    """What an error means for the next step, whatever service it came from."""

    TRANSIENT = "transient"
    """Throttled, 5xx, timed out, malformed, unreachable: the same call may work in a moment."""
    REFUSED = "refused"
    """By a policy, by a stop or termination protection, or as invalid: only a person can change that."""
    UNSUPPORTED = "unsupported"
    """EC2 cannot stop this kind of instance: a one-time spot instance, or one with an instance store root."""
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    """It exists already."""


CALL_SECONDS = 13.0
"""How long one call takes at most: to connect, and to be answered."""


class CloudError(Exception):
    """A call that did not succeed."""

    def __init__(
        self,
        operation: str,
        code: str,
        message: str,
        kind: ErrorKind,
        *,
        throttled: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        """``operation`` is ``service:Operation``, ``code`` is AWS's error code or the exception's name.

        ``throttled``: AWS asks for fewer requests. ``retry_after_seconds``: for how long it asks for none.
        """
        self.operation = operation
        self.code = code
        self.kind = kind
        self.throttled = throttled
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{operation}: {code}: {message}")


@dataclass(frozen=True, slots=True)
class MetricWindow:
    """Whole periods of ``period_seconds`` from ``start`` up to, not including, ``end``."""

    metric: str
    start: datetime
    end: datetime
    period_seconds: int = 300


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A one-time invocation of the monitor itself with this input.

    ``replaces``: whether it takes the place of one of that name, which is a conflict otherwise.
    """

    name: str
    at: datetime
    input: str
    replaces: bool = True


@dataclass(frozen=True, slots=True)
class DeadlineSwitch:
    """A one-time call of EC2 by EventBridge Scheduler, without the monitor's code in the path."""

    name: str
    at: datetime
    action: Action
    instance_id: str


class Change(StrEnum):
    """A change that EC2 can be asked about without making it; the value is EC2's name of the call."""

    STOP = "StopInstances"
    TERMINATE = "TerminateInstances"
    TAG = "CreateTags"
    CANCEL_SPOT_REQUEST = "CancelSpotInstanceRequests"


MAX_FILTER_VALUES = 200
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html"""


class CommandState(StrEnum):
    """The state of a command on the instance."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Cloud(Protocol):
    """Every method raises `CloudError` when AWS does not do what was asked. Times are aware, in UTC."""

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests sent so far, by service."""
        ...

    def describe_instance(self, instance_id: str) -> Instance:
        """The instance; one that EC2 does not know is in state ``gone``, not an error."""
        ...

    def find_instances(self, tags: Mapping[str, str], *, ended: bool = False) -> Sequence[Instance]:
        """The instances that carry all of these tags.

        ``ended``: also those that shut down or are terminated, for as long as EC2 remembers their tags.
        """
        ...

    def outputs_below(self, monitor: str, place: str) -> Collection[str] | None:
        """The output places that begin so, of the monitor's instances but those that ended for good.

        None when there are too many to tell by one call.
        """
        ...

    def list_folder(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """The objects whose key begins with ``prefix`` and has no slash after it; at most 1,000 entries a page."""
        ...

    def list_below(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """The objects whose key begins with ``prefix``, in whatever folder; at most 1,000 a page."""
        ...

    def read_object(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """The first ``max_bytes`` of an object."""
        ...

    def read_written_at(self, bucket: str, key: str) -> datetime:
        """When an object was written, by reading a byte of it: who is denied that could not read the rest either."""
        ...

    def list_uploads(self, bucket: str, prefix: str, after: UploadMarker | None = None) -> UploadPage:
        """Multipart uploads that were neither completed nor aborted; at most 1,000 a page."""
        ...

    def list_parts(self, bucket: str, key: str, upload_id: str, after: int | None = None) -> PartPage:
        """The parts of an upload that have arrived, in the order of their numbers; at most 1,000 a page."""
        ...

    def metric_maxima(self, instance_id: str, window: MetricWindow) -> Mapping[datetime, float]:
        """The maximum of each period for which CloudWatch has data, by when the period begins."""
        ...

    def stop_instance(self, instance_id: str, *, force: bool = False) -> StateChange:
        """Ask for the stop; returns the states before and after it."""
        ...

    def terminate_instance(self, instance_id: str) -> StateChange:
        """Ask for the termination; returns the states before and after it."""
        ...

    def cancel_spot_request(self, request_id: str) -> None:
        """Keep a persistent spot request from launching another instance."""
        ...

    def tag_instance(self, instance_id: str, tags: Mapping[str, str]) -> None:
        """Set tags, overwriting values that are there."""
        ...

    def try_out(self, change: Change, resource_id: str) -> None:
        """Ask whether the change would be let through, and make none; it fails as the change itself would be denied.

        What else would keep EC2 from it now, such as the state of the instance, is no failure.
        """
        ...

    def stop_unit(self, instance_id: str, timeout_seconds: int) -> str:
        """Have the training's unit stopped on the instance, through SSM; returns the command's id."""
        ...

    def command_state(self, command_id: str, instance_id: str) -> CommandState:
        """The state of that command."""
        ...

    def put_follow_up(self, follow_up: FollowUp) -> None:
        """Create the schedule, or, if it ``replaces``, move the one of that name."""
        ...

    def put_deadline_switch(self, switch: DeadlineSwitch) -> None:
        """Create the schedule, or move the one of that name."""
        ...

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule of the monitor's group; one that is not there is no error."""
        ...

    def schedule_input(self, name: str) -> str:
        """The input of a schedule of the monitor's group."""
        ...

    def list_schedules(self, prefix: str = "", token: str | None = None) -> SchedulePage:
        """The schedules of the monitor's group whose names begin so; at most 100 a page."""
        ...

    def find_schedule(self, name: str) -> Schedule | None:
        """A schedule of the monitor's group; None when there is none of that name."""
        ...

    def has_deadline_switch(self, switch: DeadlineSwitch) -> bool:
        """Whether the schedule is there and enabled, and does this at this time."""
        ...

    def heartbeat_was_changed(self, run: str, monitor: str) -> bool:
        """Whether the heartbeat of a run is there, and does not wake this monitor for it as its own settings say."""
        ...

    def list_instances(self, tags: Mapping[str, str], token: str | None = None) -> InstancePage:
        """As `find_instances`, without ``ended``; at most 1,000 a page."""
        ...

    def find_by(self, attribute: str, values: Sequence[str]) -> Sequence[Instance]:
        """The instances, whatever became of them, of which an attribute has one of the values.

        ``attribute``: as EC2 names its filters, for example ``instance-id`` or ``tag:Name``. ``values``: at most
        `MAX_FILTER_VALUES`.
        """
        ...

    def may_end(self, instance_ids: Sequence[str]) -> Sequence[CloudError]:
        """What EC2 answers, other than yes, when asked to stop and to terminate; nothing is ended, or raised."""
        ...

    def publish(self, subject: str, message: str) -> None:
        """Notify the monitor's topic."""
        ...

    def bucket_region(self, bucket: str) -> str:
        """The region in which the bucket lives."""
        ...

    def bucket_sends_events(self, bucket: str) -> bool:
        """Whether the bucket's EventBridge notifications are turned on."""
        ...
