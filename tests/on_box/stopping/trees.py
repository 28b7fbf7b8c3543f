"""Trees of processes by hand."""

from __future__ import annotations

import signal

from runctl_component.box.runner.stopping.processes import Process
from runctl_component.box.runner.stopping.shutdown_rule import Waves, next_wave

ROOT = 1000
"""The number of the command's shell."""
TERM = frozenset([signal.SIGTERM])
WORKER = frozenset([signal.SIGTERM, signal.SIGBUS, signal.SIGSEGV, signal.SIGFPE])
KEYBOARD = frozenset([signal.SIGINT, signal.SIGQUIT])


def mask(signals: frozenset[signal.Signals]) -> int:
    return sum(1 << (number - 1) for number in signals)


def process(
    pid: int,
    parent: int,
    name: str = "python3",
    *,
    arguments: tuple[str, ...] = (),
    catches: frozenset[signal.Signals] = frozenset(),
    ignores: frozenset[signal.Signals] = frozenset(),
    reads: str = "",
    writes: frozenset[str] = frozenset(),
) -> Process:
    """One whose file has its name, and that belongs to the root's session."""
    return Process(pid, parent, ROOT, pid, name, name, arguments, mask(ignores), mask(catches), reads, writes)


def shell(pid: int = ROOT, parent: int = 1, *, trap: bool = False, writes: frozenset[str] = frozenset()) -> Process:
    return process(pid, parent, "bash", catches=TERM if trap else frozenset(), writes=writes)


def training(
    pid: int,
    parent: int = ROOT,
    *,
    ignores: frozenset[signal.Signals] = frozenset(),
    reads: str = "",
    writes: frozenset[str] = frozenset(),
) -> Process:
    """A program with a handler."""
    return process(pid, parent, catches=TERM, ignores=ignores, reads=reads, writes=writes)


class Stop:
    """A stop in virtual time, of 100 s at most."""

    def __init__(self) -> None:
        self.waves = Waves()

    def tick(self, seconds: float, *living: Process) -> list[int]:
        """The numbers of those that get SIGTERM at that time."""
        chosen, self.waves = next_wave(list(living), ROOT, self.waves, seconds, 100)
        return [each.pid for each in chosen]


def first_wave(*living: Process) -> list[int]:
    """Who gets SIGTERM at once."""
    return Stop().tick(0, *living)
