"""Everything that the status is made of, as it was read, and what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor_runtime.contract import names
from runctl_component.status.heartbeats import Heartbeat
from runctl_component.status.last_check import LastCheck
from runctl_component.status.scope import Scope
from runctl_component.status.values import Instance, ReadError, Schedule

Run = tuple[str, str]
"""A monitor, and a run of it."""
LACKS: Mapping[str, str] = {
    "ec2:DescribeInstances": "instances, their states and outcomes",
    "scheduler:ListSchedules": "heartbeats and deadline switches, runs without an instance, and the last checks",
    "scheduler:GetSchedule": "what runs declare: deadlines and intervals",
    "lambda:GetFunctionConfiguration": "where monitors log, and with it the last checks",
    "logs:FilterLogEvents": "what the last checks saw and decided, and when the next ones are",
}
"""What is lacking for each call that AWS refused, or did not answer, by the right that it needs."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read. ``instances`` and ``schedules`` are None where AWS did not tell.

    Lists are of the whole account, since what lies outside of the scope may tell whose an instance is; single things
    were read for what is in the scope alone.
    """

    at: datetime
    region: str
    scope: Scope
    instances: Sequence[Instance] | None
    schedules: Sequence[Schedule] | None
    heartbeats: Sequence[Heartbeat] = ()
    undecided: frozenset[str] = frozenset()
    """Names of schedules that may be heartbeats of runs, and of which nothing tells whose they are."""
    group_monitors: Mapping[str, str] = field(default_factory=dict[str, str])
    """The monitor of each group of schedules."""
    stripped: Sequence[Instance] = ()
    """Instances that deadline switches name, and that carry none of the tags by which a run is found."""
    checks: Mapping[Run, LastCheck] = field(default_factory=dict[Run, LastCheck])
    logs_since: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """From when on the log of a monitor was read; absent where it was not."""
    follow_ups: Mapping[Run, datetime] = field(default_factory=dict[Run, datetime])
    """When follow-ups are due, as far as the log does not tell of the next check."""
    unread: Sequence[ReadError] = ()

    def switched(self) -> Mapping[str, str]:
        """The monitor of each instance that a deadline switch names."""
        return {
            instance_id: self.group_monitors[schedule.group]
            for schedule in self.schedules or ()
            if schedule.group in self.group_monitors and (instance_id := names.switched_instance(schedule.name))
        }


def sentence(error: ReadError) -> str:
    """What is not shown, why, and what to do."""
    fix = f"; allow {error.right}, see docs/status.md" if error.denied else ""
    return f"Not shown: {LACKS[error.right]}. {error}{fix}"
