"""Control groups for one box, so that systemd in it finds a tree of its own."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_MOUNTED = Path("/sys/fs/cgroup")


@contextmanager
def control_groups(name: str) -> Generator[list[Path]]:
    """New ones below those of this process: that of systemd, where there are several trees, and the unified one."""
    made = [parent / name for parent in own_groups()]
    for group in made:
        group.mkdir(exist_ok=True)
    try:
        yield made
    finally:
        for group in made:
            remove_group(group)


def own_groups() -> list[Path]:
    """The groups of this process in these trees."""
    groups = (line.split(":", 2) for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines())
    unified = _MOUNTED / "unified" if (_MOUNTED / "unified").is_dir() else _MOUNTED
    trees = {"name=systemd": _MOUNTED / "systemd", "": unified}
    found = [trees[controllers] / path.lstrip("/") for _, controllers, path in groups if controllers in trees]
    return [group for group in found if (group / "cgroup.procs").exists()]


def remove_group(group: Path) -> None:
    """A group with those in it, from the innermost outwards; one that still has a process stays."""
    for folder, _, _ in os.walk(group, topdown=False):
        with suppress(OSError):
            os.rmdir(folder)  # noqa: PTH106
