"""Other units of systemd, in which a part of the training runs: the scope of ``su -`` or of ``systemd-run --scope``."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from contextlib import suppress

from .files import ROOT, write

_CHANGES = f"{ROOT}/run/systemd/system"
_TIMEOUT_SECONDS = 60


def stop_after(unit: str, others: Iterable[str]) -> None:
    """Have a shutdown stop a unit first, and then the others: it would signal whatever is in these at once."""
    for other in others:
        write(f"{_CHANGES}/{other}.d/runctl.conf", f"[Unit]\nBefore={unit}\n")
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(["systemctl", "daemon-reload"], check=False, timeout=_TIMEOUT_SECONDS)
