"""A program that takes minutes, with a word now and then of how far it is."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    too_late = threading.Event()
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        ending = threading.Timer(within_seconds, lambda: (too_late.set(), program.kill()))
        ending.start()
        try:
            lines = list(_told(program.stdout or (), tell))
            program.wait()
        finally:
            ending.cancel()
    if too_late.is_set():
        message = f"{command[0]} was not done after {within_seconds:.0f} s, and was stopped: is the machine busy?"
        raise TimeoutError(message)
    return program.returncode, lines


def _told(printed: Iterable[str], tell: Callable[[float, int, str], None]) -> Iterator[str]:
    """The lines, as they come."""
    begun_at = told_at = time.monotonic()
    for number, line in enumerate(printed, 1):
        yield line.strip()
        now = time.monotonic()
        if now - told_at > _SECONDS_BETWEEN_WORDS:
            told_at = now
            tell(now - begun_at, number, line.strip())
