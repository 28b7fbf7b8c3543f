"""How long the monitor takes to find what has happened to a training, and to end it."""

from __future__ import annotations

from monitor_runtime.contract.lateness import LEAD, SOONEST
from monitor_runtime.contract.settings import Settings

EVENT_SECONDS = 5
"""S3 and EventBridge usually deliver within seconds. That is not guaranteed, so polling goes on."""
LATENESS_SECONDS = round(LEAD.total_seconds())
"""Of EventBridge Scheduler."""
CALL_SECONDS = 5
"""From the start of an invocation to the stop call."""
_FOLLOW_UP_SECONDS = round((SOONEST + LEAD).total_seconds())
"""From a check by an event, which waits for nothing itself, to its follow-up at the latest."""


def lasting_interval(settings: Settings) -> int:
    """The interval at which the backoff stays: its longest, or its first when it never grows."""
    return settings.initial_interval_seconds if settings.backoff_multiplier == 1 else settings.max_interval_seconds


def seen_within(settings: Settings) -> int:
    """Until a check sees what has happened, at most."""
    return lasting_interval(settings) + LATENESS_SECONDS


def seen_within_one_lost(settings: Settings) -> int:
    """The same when the check that would have seen it was lost: the next heartbeat does."""
    lost = lasting_interval(settings) if lasting_interval(settings) == settings.max_interval_seconds else 0
    return lost + settings.max_interval_seconds + LATENESS_SECONDS


def by_event(settings: Settings) -> int | None:
    """From a marker to the stop call, at most, when its event comes; None when none does."""
    if not settings.s3_events or not settings.markers + settings.failure_markers:
        return None
    grace = settings.grace_seconds
    return (max(grace, EVENT_SECONDS + _FOLLOW_UP_SECONDS) if grace else EVENT_SECONDS) + CALL_SECONDS


def by_poll(settings: Settings) -> int:
    """From a marker to the stop call, at most, when a check finds it."""
    return max(settings.grace_seconds, seen_within(settings)) + CALL_SECONDS


def large_outputs_by_poll(settings: Settings) -> int:
    """From the last output to the stop call, at most.

    S3 dates a large object back to when its upload began, so its grace period counts from when a check first sees it.
    """
    return seen_within(settings) + settings.grace_seconds + CALL_SECONDS
