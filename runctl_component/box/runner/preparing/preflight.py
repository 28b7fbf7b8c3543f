"""Whether the end of the command could be told: the first object below the prefix."""

from __future__ import annotations

import json
import platform
from typing import Any

from ..machine.aws_cli import Answer, AwsCli
from ..machine.files import KEPT, read, write
from ..machine.metadata import known
from ..machine.waiting import Interruption
from ..report.bucket import Bucket
from ..report.marker import now
from .patience import patiently

STARTED = "runctl/started.json"
_VERSION_SECONDS = 60
_PUT_SECONDS = 60


def preflight(bucket: Bucket, aws: AwsCli, about: dict[str, Any], interrupted: Interruption) -> str:
    """Write the object; returns what is missing, else an empty text."""
    version = aws.call(["--version"], _VERSION_SECONDS)
    if version.reason:
        return version.reason
    told = {**about, **_about_machine(), "aws": version.content.decode(errors="replace").strip()}
    body = json.dumps(told, indent=1).encode()

    def attempt() -> Answer:
        return Answer(b"", bucket.put(STARTED, body, "application/json", _PUT_SECONDS))

    reason = patiently(f"{STARTED} not written", attempt, interrupted).reason
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
