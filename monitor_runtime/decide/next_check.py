"""How the next check comes about: waited for, scheduled, or left to the heartbeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.contract.lateness import LEAD, SOONEST

MAX_WAIT_SECONDS = 75.0
"""The lead and a margin: with less, a follow-up that fires on time would have to schedule another one."""


@dataclass(frozen=True, slots=True)
class WaitInside:
    """Stay in this invocation."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ScheduleFollowUp:
    """Have EventBridge call again."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LeaveToHeartbeat:
    """The heartbeat comes before anything can change."""


Outlook = WaitInside | ScheduleFollowUp | LeaveToHeartbeat


def plan_next(
    recheck_at: datetime | None, now: datetime, *, heartbeat_seconds: float, can_wait_seconds: float
) -> Outlook:
    """``can_wait_seconds``: what this invocation can spare for waiting, the time for an ending set aside."""
    if recheck_at is None:
        return LeaveToHeartbeat()
    delay = (recheck_at - now).total_seconds()
    if delay <= min(can_wait_seconds, MAX_WAIT_SECONDS):
        return WaitInside(max(delay, 0.0))
    if delay > heartbeat_seconds + LEAD.total_seconds():
        return LeaveToHeartbeat()
    return ScheduleFollowUp(max(recheck_at - LEAD, now + SOONEST))
