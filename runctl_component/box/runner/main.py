"""The jobs of the runner, by the word that systemd calls each with."""

from __future__ import annotations

import sys
from contextlib import suppress

from .guard import guard
from .machine.waiting import Interruption
from .work import after_the_end, work

_JOBS = {"work": work, "ended": after_the_end, "guard": guard}


def main() -> None:
    """Do the job that is named."""
    # So that a command's own pkill or killall, for its own programs, does not end this one.
    with suppress(OSError), open("/proc/self/comm", "w", encoding="utf-8") as name:
        name.write("runctl")
    sys.exit(_JOBS[sys.argv[1]](Interruption().listen()))
