"""Signals that reach the process they are meant for, and never a later one with its number."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress

from .processes import Process, read_process


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal those that are still there. See https://man7.org/linux/man-pages/man2/pidfd_open.2.html."""
    for process in processes:
        with suppress(OSError):
            descriptor = os.pidfd_open(process.pid)
            try:
                found = read_process(process.pid)
                if found and found.identity == process.identity:
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)
