"""The times of a launch: its deadline, those of the layers behind it, and those at which its box has to show itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings

SWITCH_DELAY = timedelta(minutes=10)
BOX_DELAY = timedelta(minutes=20)
"""The instance's own timer comes last."""
BOX_LOOKS_EVERY = timedelta(minutes=1)
"""How often that timer looks whether it is time."""
LAST_LOOK = timedelta(minutes=5)
"""How long after the deadline a run that was complete before it may still take to end as what it is."""
UNMARKED_DELAY = timedelta(hours=1)
"""How long the instance tries to write its marker before it powers off."""
REPORT_DELAY = timedelta(minutes=20)
"""From the launch to the first report of the box, at most: booting and installing take minutes, retries five more."""
REMOVAL = timedelta(minutes=10)
"""Pulumi removes what it has released within minutes: what lives on after that is armed like any other instance."""
STARTED_AGAIN = timedelta(hours=1)
"""How long an instance runs that was started again after its training had finished, and does not train."""


def deadline(settings: Settings, launched_at: datetime) -> datetime | None:
    """When the run has used up ``max_runtime_hours``; None without a limit."""
    return launched_at + timedelta(hours=settings.max_runtime_hours) if settings.max_runtime_hours else None


def last_look(settings: Settings, launched_at: datetime) -> datetime | None:
    """When the deadline ends the run, whatever it still waits for; None where it ends nothing."""
    due = deadline(settings, launched_at)
    return None if due is None or settings.on_deadline is Action.REPORT else due + LAST_LOOK


def switch_time(settings: Settings, launched_at: datetime, hold_until: datetime | None) -> datetime | None:
    """When EventBridge Scheduler is to call EC2 by itself, moved along by a hold; None when it is not to."""
    due = deadline(settings, launched_at)
    if due is None or settings.on_deadline is Action.REPORT:
        return None
    return max(due, hold_until or due) + SWITCH_DELAY
