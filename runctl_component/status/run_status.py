"""What is told of a run: one entry for each of its instances, or one for a run that has none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor_runtime.contract.outcomes import Outcome
from runctl_component.status.last_check import LastCheck


class RunState(StrEnum):
    """Where a run is, in the order in which they ask for somebody's attention."""

    UNWATCHED = "unwatched"
    """It runs, and nothing checks it: its heartbeat or its tags are gone."""
    REFUSED = "ending-refused"
    """It is to end, and EC2 refuses that."""
    KEPT = "kept"
    """Its outcome was told, and the instance goes on: ``report``, or work that could not be verified or stopped."""
    HELD = "held"
    """Somebody holds it by a tag."""
    COMPLETING = "completing"
    """It is complete: its grace period or its verification is under way."""
    RUNNING = "running"
    STARTING = "starting"
    ENDING = "ending"
    """Its instance is about to stop or to terminate."""
    RELEASED = "released"
    """Pulumi is about to remove it."""
    ENDED = "ended"
    GONE = "gone"
    """It is declared, and has no instance: not launched yet, or terminated more than an hour ago."""
    UNKNOWN = "unknown"
    """Its instances cannot be read."""


class HeartbeatState(StrEnum):
    """Whether the run's heartbeat wakes the monitor."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run and one of its instances; None where there is no such thing, or nothing tells it."""

    monitor: str
    run: str
    state: RunState
    heartbeat: HeartbeatState = HeartbeatState.UNKNOWN
    instance_id: str | None = None
    instance_state: str | None = None
    launched_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    """Why it ended, or what the last check says of it."""
    ended_at: datetime | None = None
    last_check: LastCheck | None = None
    next_check_at: datetime | None = None
    check_every_seconds: int | None = None
    """The longest time between two checks, as declared."""
    deadline_at: datetime | None = None
    has_deadline: bool | None = None
    """None where the run's settings were not read."""
    switch_at: datetime | None = None
    hold_until: datetime | None = None
    output_uri: str | None = None
    log_uri: str | None = None
    problems: tuple[str, ...] = ()
