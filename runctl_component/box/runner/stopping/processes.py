"""The processes of this machine, as /proc shows them: https://man7.org/linux/man-pages/man5/proc.5.html."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import NamedTuple

_MASKS = re.compile(rb"^Sig(Ign|Cgt):\s*([0-9a-f]+)$", re.MULTILINE)


class Process(NamedTuple):
    """A living process at one moment; from ``executable`` on, what `with_details` has read.

    ``start`` is in clock ticks since the boot, ``executable`` the name of the file without its folder, ``ignored`` and
    ``caught`` are bit masks of signals, ``reads_pipe`` is the pipe at its standard input, ``writes_pipes`` are all
    those that it has open for writing.
    """

    pid: int
    parent: int
    session: int
    start: int
    name: str
    executable: str = ""
    arguments: tuple[str, ...] = ()
    ignored: int = 0
    caught: int = 0
    reads_pipe: str = ""
    writes_pipes: frozenset[str] = frozenset()

    @property
    def identity(self) -> tuple[int, int]:
        """What no later process shares with it, unlike its number."""
        return self.pid, self.start

    def catches(self, *numbers: int) -> bool:
        """Whether it has handlers for all of these signals."""
        return _has(self.caught, numbers)

    def ignores(self, *numbers: int) -> bool:
        """Whether none of these signals has an effect on it."""
        return _has(self.ignored, numbers)


def _has(mask: int, numbers: tuple[int, ...]) -> bool:
    return all(mask >> (number - 1) & 1 for number in numbers)


def process_table() -> dict[int, Process]:
    """All processes but zombies, by their numbers, without details."""
    found = (read_process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {process.pid: process for process in found if process}


def read_process(pid: int) -> Process | None:
    """The process without details; None when there is none, or only a zombie."""
    head, _, tail = _read(pid, "stat").rpartition(b")")
    fields = tail.split()
    if not fields or fields[0] in (b"Z", b"X"):
        return None
    name = os.fsdecode(head.partition(b"(")[2])
    return Process(pid, parent=int(fields[1]), session=int(fields[3]), start=int(fields[19]), name=name)


def with_details(process: Process) -> Process:
    """Details stay empty where the process has gone in the meantime."""
    pid = process.pid
    masks = {key: int(value, 16) for key, value in _MASKS.findall(_read(pid, "status"))}
    standard_input = _link(pid, "fd/0")
    return process._replace(
        executable=os.path.basename(_link(pid, "exe").removesuffix(" (deleted)")),
        arguments=tuple(os.fsdecode(_read(pid, "cmdline")).split("\0")[:-1]),
        ignored=masks.get(b"Ign", 0),
        caught=masks.get(b"Cgt", 0),
        reads_pipe=standard_input if standard_input.startswith("pipe:") else "",
    )


def written_pipes(pid: int) -> frozenset[str]:
    """The pipes that it can write to. Whether a descriptor is open for writing is in the mode of its link."""
    pipes: set[str] = set()
    with suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if os.lstat(f"/proc/{pid}/fd/{descriptor}").st_mode & stat.S_IWUSR:
                    pipes.add(_link(pid, f"fd/{descriptor}"))
    return frozenset(pipe for pipe in pipes if pipe.startswith("pipe:"))


def control_group(pid: int | str) -> str:
    """Its control group in the hierarchy that systemd manages, be it of version 1, hybrid or 2; empty without one."""
    for line in os.fsdecode(_read(pid, "cgroup")).splitlines():
        hierarchy, controllers, path = line.split(":", 2)
        if controllers == "name=systemd" or hierarchy == "0":
            return path
    return ""


def _read(pid: int | str, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""


def _link(pid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except OSError:
        return ""
