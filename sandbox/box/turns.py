"""Boxes of one process at a time, and none left over from a process that died."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sandbox.box.control_groups import own_groups, remove_group
from sandbox.engine.cli import user_cache

PREFIX = "runctl-box-"

_turns: list[int] = []


@contextmanager
def turn() -> Generator[None]:
    """Wait until no other process of this user has a box. Within a process, turns nest.

    Boxes are a load: two at a time make each other slow on a small machine, and then tests run out of time.
    """
    with (_boxes() / ".lock").open("w") as lock:
        if not _turns:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _remove_leftovers()
        _turns.append(lock.fileno())
        try:
            yield
        finally:
            _turns.pop()


def _remove_leftovers() -> None:
    """Processes and mounts have gone with the process that made them; folders and control groups have not."""
    for folder in _boxes().glob(f"{PREFIX}*"):
        shutil.rmtree(folder)
    for parent in own_groups():
        for group in parent.glob(f"{PREFIX}*"):
            remove_group(group)


@contextmanager
def folder_of_a_box() -> Generator[Path]:
    """A folder for its disk, during a turn."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=_boxes()) as folder:
        yield Path(folder)


def _boxes() -> Path:
    folder = user_cache() / "boxes"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
