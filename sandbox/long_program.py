"""A program that takes minutes, with a word now and then of how far it is."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_SECONDS_BETWEEN_WORDS = 30


def run_long(
    command: list[str],
    tell: Callable[[float, int, str], None],
    *,
    environment: Mapping[str, str],
    within_seconds: float,
    folder: Path | None = None,
) -> tuple[int, list[str]]:
    """Run it to its end; returns its exit code and the lines that it printed.

    ``tell`` is called now and then, with the seconds since the beginning, the number of lines so far and the last one.

    Raises:
        TimeoutError: when it was killed, since it was not done in time.
    """
    begun_at = told_at = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        too_late = threading.Event()
        ending = threading.Timer(within_seconds, lambda: (too_late.set(), program.kill()))
        ending.start()
        try:
            for line in program.stdout or ():
                lines.append(line.strip())
                now = time.monotonic()
                if now - told_at > _SECONDS_BETWEEN_WORDS:
                    told_at = now
                    tell(now - begun_at, len(lines), lines[-1])
            program.wait()
        finally:
            ending.cancel()
    if too_late.is_set():
        message = f"{command[0]} was not done after {within_seconds:.0f} s, and was stopped: is the machine busy?"
        raise TimeoutError(message)
    return program.returncode, lines
