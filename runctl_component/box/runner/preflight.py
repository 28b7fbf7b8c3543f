"""Before the command runs: whether its end could be told."""

from __future__ import annotations

import json
import platform
from typing import Any

from .machine.files import KEPT, read, say, write
from .machine.metadata import known
from .machine.waiting import Interruption, pause
from .report.bucket import Bucket
from .report.marker import now

STARTED = "runctl/started.json"
_DELAYS_SECONDS = (2, 4, 8, 16, 30, 60, 60, 60, 60)
"""Five minutes: fresh roles have no credentials at first, and S3 has bad minutes."""
_PATIENCE_WITH_REFUSALS = 5
"""Attempts, about a minute: the rights of a fresh role take seconds to be known everywhere."""
_REFUSALS = ("AccessDenied", "NoSuchBucket", "403", "404")
_PUT_SECONDS = 60


def preflight(bucket: Bucket, about: dict[str, Any], interrupted: Interruption) -> str:
    """Write the first object below the prefix; returns what is missing, else an empty text."""
    version, reason = bucket.version()
    if reason:
        return reason
    body = json.dumps({**about, **_about_machine(), "aws": version}, indent=1).encode()
    for attempt, delay in enumerate((*_DELAYS_SECONDS, 0), start=1):
        reason = bucket.put(STARTED, body, "application/json", _PUT_SECONDS)
        refused = any(word in reason for word in _REFUSALS)
        if not reason or interrupted() or (refused and attempt >= _PATIENCE_WITH_REFUSALS):
            break
        say(f"{STARTED} not written: {reason}")
        pause(delay, interrupted)
    return reason and f"cannot write to the run's place in S3: {reason}"


def _about_machine() -> dict[str, Any]:
    return {
        "started_at": now(),
        "boot_id": read("/proc/sys/kernel/random/boot_id").strip(),
        "instance_id": known("instance-id"),
        "image_id": known("ami-id"),
        "host": platform.node(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def count_launch() -> int:
    """Which start of the command on this instance it is, as far as the disk remembers the others."""
    path = f"{KEPT}/launches"
    before = read(path).strip()
    count = int(before) + 1 if before.isdigit() else 1
    write(path, f"{count}\n")
    return count
