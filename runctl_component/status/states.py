"""In which state an instance's run is: pure, from the instance, its tags and whether it is watched."""

from __future__ import annotations

from datetime import datetime

from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import SWITCH_DELAY
from monitor_runtime.contract.memory import Memory, Refusable
from monitor_runtime.contract.times import format_time
from runctl_component.status.run_status import HeartbeatState, RunState
from runctl_component.status.values import STOPPING, Instance

WANTED_TAGS = (names.TAG_MONITOR, names.TAG_RUN)
"""Without these, no check finds the instance."""


def lost_tags(instance: Instance) -> list[str]:
    """Those of the tags by which checks find it that it does not carry."""
    return [tag for tag in WANTED_TAGS if not instance.tags.get(tag)]


def state_of(instance: Instance, tags: Memory, heartbeat: HeartbeatState, now: datetime) -> RunState:
    """The first that applies."""
    is_unwatched = bool(lost_tags(instance)) or heartbeat is HeartbeatState.MISSING
    possible = (
        (instance.state in STOPPING, RunState.ENDING),
        (not instance.is_live, RunState.ENDED),
        (tags.may_be_going(now), RunState.RELEASED),
        (is_unwatched, RunState.UNWATCHED),
        (tags.outcome in tags.reported or tags.refused == Refusable.STOP_UNSUPPORTED, RunState.KEPT),
        (bool(tags.refused), RunState.REFUSED),
        (tags.hold.until is not None, RunState.HELD),
        (tags.outcome is not None, RunState.ENDING),
        (bool(tags.noticed), RunState.COMPLETING),
        (instance.state == "pending", RunState.STARTING),
    )
    return next((state for applies, state in possible if applies), RunState.RUNNING)


def told_by_tags(instance: Instance, tags: Memory) -> str:
    """Why the run ended, or what is known of it without any check's words."""
    if tags.reason:
        return tags.reason
    if not instance.is_live:
        return _unrecorded_end(instance, tags)
    if tags.noticed and tags.noticed_since:
        return f"{tags.noticed}, grace period since {format_time(tags.noticed_since)}"
    return ""


def _unrecorded_end(instance: Instance, tags: Memory) -> str:
    """Nobody wrote down why: the deadline switch does not, and what somebody else does is found by the next check."""
    if tags.released_at:
        return "removed by Pulumi"
    ended_at = instance.state_changed_at
    switch = tags.armed_for
    when = f" at {format_time(ended_at)}" if ended_at else ""
    if switch and ended_at and switch <= ended_at < switch + SWITCH_DELAY:
        return f"ended by its deadline switch{when}; no check has recorded it"
    return f"ended{when} by somebody else than the monitor; no check has recorded it"
