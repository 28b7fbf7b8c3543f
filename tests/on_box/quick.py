"""Runs a job of an installed runner as the box's Python does, but time passes quickly: QUICK says how.

``QUICK=once``: at its first pause the job gets the SIGTERM that ends it.
``QUICK=uploads``: what is due every few minutes is due all the time.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

how = os.environ.pop("QUICK", "")
program, *sys.argv = sys.argv[1:2] + sys.argv[1:]
really_sleep, really_wait = time.sleep, threading.Event.wait


def sleep(seconds: float) -> None:
    if how == "once":
        os.kill(os.getpid(), signal.SIGTERM)
    really_sleep(min(seconds, 0.001))


def wait(self: threading.Event, timeout: float | None = None) -> bool:
    short = how == "uploads" and timeout is not None
    return really_wait(self, 0.1 if short else timeout)


time.sleep = sleep
threading.Event.wait = wait
runpy.run_path(program, run_name="__main__")
