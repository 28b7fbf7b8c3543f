"""What AWS told, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor_runtime.contract import names

ON = frozenset({"pending", "running"})
"""An instance in these states costs its full price."""
STOPPING = frozenset({"stopping", "shutting-down"})


class ReadError(Exception):
    """AWS did not answer a call, or refused it."""

    def __init__(self, right: str, message: str, code: str = "", *, denied: bool = False) -> None:
        """``right``: the IAM action that allows the call. ``denied``: whether the caller lacks it."""
        super().__init__(f"{right}: {code}: {message}" if code else f"{right}: {message}")
        self.right = right
        self.code = code
        self.denied = denied


class NothingReadableError(Exception):
    """Nothing can be told at all; the message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance. ``launched_at`` moves on at every start after a stop."""

    instance_id: str
    state: str
    launched_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    state_changed_at: datetime | None = None
    """When the stop or termination was asked for, where EC2 says it."""

    @property
    def monitor(self) -> str:
        """The monitor that may end it; empty when the tag was lost."""
        return self.tags.get(names.TAG_MONITOR, "")

    @property
    def run(self) -> str:
        """The run that it belongs to; empty when the tag was lost."""
        return self.tags.get(names.TAG_RUN, "")

    @property
    def is_live(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in ON | STOPPING


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule, as a listing describes it."""

    group: str
    name: str
    enabled: bool
    target_arn: str


@dataclass(frozen=True, slots=True)
class ScheduleDetail:
    """What only a look at the schedule itself tells."""

    expression: str
    input: str


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function; ``monitor`` is empty for one that is no monitor."""

    monitor: str = ""
    schedule_group: str = ""
    log_group: str = ""
    exists: bool = True
    """Whether there still is one at that ARN."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a monitor's log."""

    at: datetime
    text: str
