"""Which processes are the training."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum, auto

from .processes import Process, control_group, process_table, read_process, with_details, written_pipes

UNIT = "runctl-training.service"
_UNITS = (".scope", ".service")


def own_control_group() -> str | None:
    """The unit's control group; None where the runner was not started by systemd."""
    own = control_group("self")
    return own if own.endswith(f"/{UNIT}") else None


class _Side(Enum):
    TRAINING = auto()
    RUNNER = auto()
    NEITHER = auto()


class Training:
    """The processes of a control group and its sub-groups, those of the command's session, and all below them.

    The runner and the processes that it has started do not belong to it, but for the command's root. What was seen to
    belong does so for ever, also when it has left its group, its session and its parent.
    """

    def __init__(self, root_pid: int, group: str | None, found: Callable[[set[str]], None] = lambda _: None) -> None:
        """``root_pid``: the command, a child of the calling process. ``group``: its path, see `own_control_group`.

        ``found``: is told other units of systemd in which a part of the training runs, each once.
        """
        self.root_pid = root_pid
        self._group = group
        self._found = found
        self._units = {"", UNIT}
        root = read_process(root_pid)
        self._known = {root.identity} if root else set[tuple[int, int]]()

    def look(self) -> list[Process]:
        """Those that live, without details. Who leaves its group is known later when it was seen before."""
        living = self._living()
        units = {_unit(process) for process in living} - self._units if self._group else None
        if units:
            self._units |= units
            self._found(units)
        return living

    def _living(self) -> list[Process]:
        table = process_table()
        sides = {os.getpid(): _Side.RUNNER}
        for process in table.values():
            self._take_sides(process, table, sides)
        living = [process for process in table.values() if sides[process.pid] is _Side.TRAINING]
        self._known = {process.identity for process in living}
        return living

    def alive(self) -> list[Process]:
        """Those that live, with details."""
        living = [with_details(process) for process in self._living()]
        if any(process.reads_pipe for process in living):
            living = [process._replace(writes_pipes=written_pipes(process.pid)) for process in living]
        return living

    def _take_sides(self, process: Process | None, table: dict[int, Process], sides: dict[int, _Side]) -> None:
        """A process takes its parent's side, unless it belongs to the training for a reason of its own."""
        ancestry: list[Process] = []
        while process and process.pid not in sides:
            ancestry.append(process)
            sides[process.pid] = _Side.NEITHER
            process = table.get(process.parent)
        side = sides[process.pid] if process else _Side.NEITHER
        for member in reversed(ancestry):
            if member.identity in self._known or (side is _Side.NEITHER and self._is_inside(member)):
                side = _Side.TRAINING
            sides[member.pid] = side

    def _is_inside(self, process: Process) -> bool:
        if process.session == self.root_pid:
            return True
        return self._group is not None and f"{control_group(process.pid)}/".startswith(f"{self._group}/")


def _unit(process: Process) -> str:
    """The unit of the system's systemd, and not one of a user's own."""
    names = control_group(process.pid).split("/")
    return next((name for name in names if name.endswith(_UNITS)), "")
