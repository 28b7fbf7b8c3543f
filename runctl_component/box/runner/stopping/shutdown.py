"""Stopping the training: SIGTERM in waves, SIGKILL when the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from signal import SIGKILL, SIGTERM

from .shutdown_rule import Waves, next_wave
from .signals import send
from .training_processes import Training

TICK_SECONDS = 0.2
KILL_SECONDS = 5.0
"""What SIGKILL does not end by then hangs in the kernel."""


def shut_down(
    training: Training,
    timeout_seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return when nobody is left, at the latest `KILL_SECONDS` after the timeout.

    `shutdown_rule` says who is signalled.
    """
    began = clock()
    waves = Waves()
    while living := training.alive():
        elapsed = clock() - began
        if elapsed >= timeout_seconds + KILL_SECONDS:
            return
        if elapsed >= timeout_seconds:
            send(living, SIGKILL)
        else:
            chosen, waves = next_wave(living, training.root_pid, waves, elapsed, timeout_seconds)
            send(chosen, SIGTERM)
        sleep(TICK_SECONDS)
