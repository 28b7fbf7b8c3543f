"""Waiting, and the SIGTERM that cuts it short."""

from __future__ import annotations

import signal
import time
from typing import Any

sleep = time.sleep
_STEP_SECONDS = 0.2


class Interruption:
    """Whether SIGTERM has come: somebody stops the unit, or the system shuts down."""

    def __init__(self) -> None:
        self._came = False

    def listen(self) -> Interruption:
        """Note SIGTERM from now on, in place of dying of it. A handler may take no lock: it sets a flag."""
        signal.signal(signal.SIGTERM, self._note)
        return self

    def _note(self, *_: Any) -> None:
        self._came = True

    def __call__(self) -> bool:
        """Whether it has."""
        return self._came


def pause(seconds: float, interrupted: Interruption) -> None:
    """Wait, but not longer than until the interruption."""
    for _ in range(round(seconds / _STEP_SECONDS)):
        if interrupted():
            return
        sleep(_STEP_SECONDS)
