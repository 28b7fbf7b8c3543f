"""Who gets SIGTERM now: each program that can save, once, and nobody whose death would break one that does.

A pure function from the training's processes, and from what the waves before have done. In short:

- Shells, wrappers such as ``timeout``, and launchers are looked through: who stands below them is signalled, and they
  go on to what follows when that has gone.
- The topmost of the rest are signalled. What lies below them waits: they may forward the signal, or need it to save.
- A reader, as after ``|``, gets nothing: it ends with its input. So does whoever was born after the first wave.
- What runs in the background waits until the foreground has gone, or for a quarter of the time.
- After half of the time comes the last call, for programs that were not signalled yet; readers and newborn ones are
  spared if they have no handler, as they could not save. Shells, wrappers and launchers never get SIGTERM.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from signal import SIGBUS, SIGFPE, SIGILL, SIGINT, SIGQUIT, SIGSEGV, SIGTERM
from typing import NamedTuple

from .processes import Process
from .program_names import interpreter, is_shell, is_wrapper

SECONDS_BETWEEN_WAVES = 1.0


class Waves(NamedTuple):
    """What the waves have done. Times are in seconds since the stop was asked for.

    ``signalled``, ``launchers`` and ``present``, those who lived at the first wave, are identities of processes.
    """

    signalled: frozenset[tuple[int, int]] = frozenset()
    launchers: frozenset[tuple[int, int]] = frozenset()
    present: frozenset[tuple[int, int]] | None = None
    last_wave: float | None = None
    was_last_call: bool = False


def next_wave(
    living: list[Process], root_pid: int, waves: Waves, elapsed: float, timeout: float
) -> tuple[list[Process], Waves]:
    """Who gets SIGTERM now, and what to call with the next time.

    Args:
        living: all processes of the training, at one moment.
        root_pid: the command.
        waves: what was returned before; ``Waves()`` at first.
        elapsed: seconds since the stop was asked for.
        timeout: seconds from then until those that are left get SIGKILL.
    """
    tree = _Tree(living, root_pid, waves)
    waves = waves._replace(launchers=tree.launchers)
    chosen: list[Process] = []
    if elapsed >= timeout / 2 and not waves.was_last_call:
        chosen = tree.last_call()
        waves = waves._replace(was_last_call=True)
    elif waves.last_wave is None or elapsed - waves.last_wave >= SECONDS_BETWEEN_WAVES:
        chosen = tree.wave(background=elapsed >= timeout / 4 or not tree.has_foreground_program())
    if chosen:
        present = frozenset(process.identity for process in living) if waves.present is None else waves.present
        signalled = waves.signalled | {process.identity for process in chosen}
        waves = waves._replace(signalled=signalled, present=present, last_wave=elapsed)
    return chosen, waves


class _Tree:
    def __init__(self, living: list[Process], root_pid: int, waves: Waves) -> None:
        self._living = {process.pid: process for process in living}
        self._below: dict[int, list[Process]] = defaultdict(list)
        for process in living:
            self._below[process.parent].append(process)
        self._above = {process.pid: self._ancestors(process) for process in living}
        self._root_pid = root_pid
        self._waves = waves
        self.launchers = waves.launchers | frozenset(self._launchers())

    def wave(self, *, background: bool) -> list[Process]:
        """The topmost that can be signalled; ``background``: also in the background."""
        tops = [process for process in self._living.values() if process.parent not in self._living]
        return [process for top in tops for process in self._topmost(top, background)]

    def last_call(self) -> list[Process]:
        """Who can save, and who may hold up one that can. An upload that began in the meantime is neither."""
        return [
            process
            for process in self._living.values()
            if not self._is_signalled(process)
            and not self._is_looked_through(process)
            and not _is_data_loader_worker(process)
            and (process.catches(SIGTERM) or not (self._is_newborn(process) or self._is_reader(process)))
        ]

    def has_foreground_program(self) -> bool:
        return any(
            not is_shell(process) and not is_wrapper(process) and not self._is_background(process)
            for process in self._living.values()
        )

    def _topmost(self, process: Process, background: bool) -> Iterator[Process]:
        looked_through = self._is_looked_through(process)
        if self._is_newborn(process) or (not background and self._is_background(process)):
            return
        if not looked_through:
            if self._is_reader(process):
                return
            if not self._is_signalled(process):
                yield process
        if looked_through or is_shell(process):
            for child in self._below[process.pid]:
                # A shell with a trap forwards the signal to what it has put into the background.
                if looked_through or not _ignores_keyboard(child):
                    yield from self._topmost(child, background)

    def _is_signalled(self, process: Process) -> bool:
        return process.identity in self._waves.signalled

    def _is_newborn(self, process: Process) -> bool:
        return self._waves.present is not None and process.identity not in self._waves.present

    def _is_looked_through(self, process: Process) -> bool:
        if is_shell(process):
            return not process.catches(SIGTERM)
        return is_wrapper(process) or process.identity in self.launchers

    def _launchers(self) -> Iterator[tuple[int, int]]:
        """Those that would die of SIGTERM, above one of the same interpreter that will not: they have started it."""
        for process in self._living.values():
            if process.catches(SIGTERM) and not _is_data_loader_worker(process):
                for above in self._above[process.pid]:
                    if not above.catches(SIGTERM) and interpreter(above) == interpreter(process):
                        yield above.identity

    def _is_reader(self, process: Process) -> bool:
        """Whether its input comes from beside it, and not from a program that has started it.

        At the end of its input it has still to finish. When it is signalled, only a handler can do that.
        """
        pipe, above = process.reads_pipe, self._above[process.pid]
        if not pipe:
            return False
        writers = [each for each in self._living.values() if pipe in each.writes_pipes and each.pid != process.pid]
        if not writers:
            return not process.catches(SIGTERM)
        return any(is_shell(writer) or writer not in above for writer in writers)

    def _is_background(self, process: Process) -> bool:
        lineage = [process, *self._above[process.pid]]
        return all(each.pid != self._root_pid for each in lineage) or any(map(_ignores_keyboard, lineage))

    def _ancestors(self, process: Process) -> list[Process]:
        above: list[Process] = []
        parent = self._living.get(process.parent)
        while parent and parent not in above:
            above.append(parent)
            parent = self._living.get(parent.parent)
        return above


def _ignores_keyboard(process: Process) -> bool:
    """As what a shell starts with ``&``: https://www.gnu.org/software/bash/manual/html_node/Signals.html."""
    return process.ignores(SIGINT, SIGQUIT)


def _is_data_loader_worker(process: Process) -> bool:
    """By the handlers that torch sets in it: torch/csrc/DataLoader.cpp. At SIGTERM it dies, and its parent fails."""
    return process.catches(SIGTERM, SIGBUS, SIGSEGV, SIGFPE) and not process.catches(SIGILL)
