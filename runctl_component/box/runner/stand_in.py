"""A thin stand-in for the rules on the training's processes: the session of the command, and one SIGTERM for all."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

_TICK_SECONDS = 0.05
_EXIT_TICKS = 20


class Training:
    """The processes of the command's session."""

    def __init__(self, root_pid: int, group: str | None) -> None:
        """``root_pid``: the command. ``group``: the unit's control group."""
        self._session, self._group = root_pid, group

    def alive(self) -> list[int]:
        """Their ids."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and self._has(name)]

    def _has(self, name: str) -> bool:
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            return False
        return fields[0] not in "ZX" and int(fields[3]) == self._session


def own_control_group() -> str | None:
    """The unit's."""
    return None


def await_end(training: Training, root: subprocess.Popen[bytes], interrupted: Callable[[], bool]) -> int | None:
    """The command's status when the training is over; None when it was interrupted before."""
    ticks = 0
    while root.poll() is None:
        ticks += interrupted()
        if ticks > _EXIT_TICKS:
            return None
        time.sleep(_TICK_SECONDS)
    _kill(training, signal.SIGKILL)
    return root.returncode


def shut_down(training: Training, timeout_seconds: float) -> None:
    """Return when nobody is left."""
    give_up = time.monotonic() + timeout_seconds
    _kill(training, signal.SIGTERM)
    while training.alive():
        if time.monotonic() >= give_up:
            _kill(training, signal.SIGKILL)
        time.sleep(_TICK_SECONDS)


def _kill(training: Training, number: int) -> None:
    for pid in training.alive():
        with suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as name:
            if name.read().strip() != "tee" or number == signal.SIGKILL:
                os.kill(pid, number)
