"""Powering the box off, and until when somebody has asked for time."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta, timezone

from monitor_runtime.contract.hold_time import MAX_HOLD, hold_time

from .files import say_on_console
from .tags import HOLD_UNTIL, Tags

HOLD_MARGIN = timedelta(minutes=20)
"""The monitor comes first when a hold is over, as at the deadline."""
_TIMEOUT_SECONDS = 60


def held_seconds(tags: Tags) -> float:
    """For how long the box must stay up; 0 when nobody asked, or not in a way that the monitor accepts."""
    now, until = datetime.now(timezone.utc), hold_time(tags.text(HOLD_UNTIL))
    if until is None or until - now > MAX_HOLD:
        return 0
    return max(0.0, (until + HOLD_MARGIN - now).total_seconds())


def power_off(reason: str) -> None:
    """Say why and do it; by force when systemd does not take the request, which lets nobody save."""
    say_on_console(f"{reason}: powering off")
    if not _asked("poweroff") and not _is_going_down():
        _asked("poweroff", "--force", "--force")


def _asked(*words: str) -> bool:
    try:
        return subprocess.run(["systemctl", *words], check=False, timeout=_TIMEOUT_SECONDS).returncode == 0
    except (OSError, subprocess.SubprocessError) as error:
        say_on_console(repr(error))
        return False


def _is_going_down() -> bool:
    """A shutdown that has begun may end whoever asked for it, or who would answer: that looks like a refusal."""
    try:
        state = subprocess.run(
            ["systemctl", "is-system-running"], stdout=subprocess.PIPE, check=False, timeout=_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return state.stdout.strip() == b"stopping"
