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
    """Say why and do it; by force when systemd does not take the request."""
    say_on_console(f"{reason}: powering off")
    for words in (["poweroff"], ["poweroff", "--force", "--force"]):
        try:
            if subprocess.run(["systemctl", *words], check=False, timeout=_TIMEOUT_SECONDS).returncode == 0:
                return
        except (OSError, subprocess.SubprocessError) as error:
            say_on_console(repr(error))
