"""Imitates what starts trainings: ``launcher.py KIND PROGRAM [ARGUMENT ...]``."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 0.5
"""What torchrun gives its workers, instead of 30 s."""


def plain(command: list[str]) -> int:
    """Without a handler."""
    return subprocess.run(command, check=False).returncode


def own_session(command: list[str]) -> int:
    """Without a handler, and the program in a session of its own."""
    return subprocess.run(command, check=False, start_new_session=True).returncode


def forwarding(command: list[str]) -> int:
    """Forwards SIGTERM and waits."""
    program = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda _number, _frame: program.terminate())
    return program.wait()


def leaving(command: list[str]) -> int:
    """Forwards SIGTERM and ends at once."""
    program = subprocess.Popen(command)

    def leave(_number: int, _frame: FrameType | None) -> None:
        program.terminate()
        os._exit(1)

    signal.signal(signal.SIGTERM, leave)
    return program.wait()


def deaf(command: list[str]) -> int:
    """Looks at SIGTERM only when its program has ended."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    return plain(command)


def torchrun(command: list[str]) -> int:
    """Forwards SIGTERM, and kills when that takes too long."""
    workers = [subprocess.Popen(command) for _ in range(2)]

    def close(_number: int, _frame: FrameType | None) -> None:
        for worker in workers:
            worker.terminate()
        time.sleep(PATIENCE_SECONDS)
        for worker in workers:
            worker.kill()

    signal.signal(signal.SIGTERM, close)
    return max(worker.wait() for worker in workers)


def _rank(command: list[str], *, dies_with_parent: bool) -> None:
    if dies_with_parent:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    sys.argv = command[1:]
    runpy.run_path(command[1], run_name="__main__")


def _ranks(method: str, command: list[str], *, die_with_parent: bool = False) -> int:
    multiprocessing.set_start_method(method)
    ranks = [
        multiprocessing.Process(target=_rank, args=(command,), kwargs={"dies_with_parent": die_with_parent})
        for _ in range(2)
    ]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()
    return max(abs(rank.exitcode or 0) for rank in ranks)


def fork(command: list[str]) -> int:
    """As multiprocessing does on Linux."""
    return _ranks("fork", command)


def spawn(command: list[str]) -> int:
    """As multiprocessing does elsewhere."""
    return _ranks("spawn", command)


def torch_spawn(command: list[str]) -> int:
    """As torch.multiprocessing.spawn: the ranks are interrupted when their parent dies."""
    return _ranks("spawn", command, die_with_parent=True)


KINDS: dict[str, Callable[[list[str]], int]] = {
    kind.__name__: kind for kind in (plain, own_session, forwarding, leaving, deaf, torchrun, fork, spawn, torch_spawn)
}

if __name__ == "__main__":
    sys.exit(KINDS[sys.argv[1]](sys.argv[2:]))
