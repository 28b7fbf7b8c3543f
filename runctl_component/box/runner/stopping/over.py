"""When the training is over: with its command, unless that has only put it into the background."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from signal import SIGTERM

from .signals import send
from .training_processes import Training

TICK_SECONDS = 0.1
LOOK_SECONDS = 10.0
BACKGROUND_SECONDS = 1.0
STARTER_SECONDS = 60.0
"""A command that succeeds sooner and leaves processes has put its training into the background."""
HELPER_SECONDS = 3.0
READER_SECONDS = 30.0
"""``exec > >(aws s3 cp - ...)`` has still to finish when the command has ended."""
EXIT_SECONDS = 1.0
"""A command whose last line shuts the machine down is interrupted by that before it has ended."""


def await_end(
    training: Training,
    root: subprocess.Popen[bytes],
    interrupted: Callable[[], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int | None:
    """The command's status when the training is over, negative for a signal; None when it was interrupted before.

    Call it when the command has just been started. After None, `shut_down` is due: nobody was signalled yet. A command
    that had ended by itself, or that succeeds within a moment, counts as what it said, also when ``interrupted``.
    """
    began = looked = clock()
    while (status := root.poll()) is None and not interrupted():
        if clock() - looked >= LOOK_SECONDS:
            training.look()
            looked = clock()
        sleep(TICK_SECONDS)
    if status is None:
        interrupted_at = clock()
        while (status := root.poll()) is None and clock() - interrupted_at < EXIT_SECONDS:
            sleep(TICK_SECONDS)
        if status != 0:
            return None
    if status == 0 and clock() - began < STARTER_SECONDS:
        while training.look():
            sleep(BACKGROUND_SECONDS)
            if interrupted() and training.look():
                return None
    else:
        _end_helpers(training, interrupted, clock, sleep)
    return status


def _end_helpers(
    training: Training, interrupted: Callable[[], bool], clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    began = clock()
    send((process for process in training.alive() if not process.reads_pipe), SIGTERM)
    while living := training.alive():
        reading = any(process.reads_pipe for process in living) and not interrupted()
        if clock() - began >= (READER_SECONDS if reading else HELPER_SECONDS):
            return
        sleep(TICK_SECONDS)
