"""Where the file system of a box is in this user's cache, and why there can be none on this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.engine.cli import user_cache

RECIPE = Path(__file__).resolve().parents[2] / "tools" / "box"
HOW_TO_GET_ONE = "no file system of a box in the cache of this user: `make box` makes one"
_NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--time", "--fork", "true")
_PROGRAMS = ("losetup", "mount", "mountpoint", "nsenter", "setpriv", "unshare")


class NoBoxError(RuntimeError):
    """There can be no box here; the message says why, and what would help."""


@dataclass(frozen=True)
class Root:
    """A file system of Debian with systemd, cloud-init and the AWS CLI, which boxes read and never write."""

    folder: Path

    def program(self, name: str) -> list[str]:
        """The beginning of a command that runs a program of it outside, with its own libraries."""
        (loader,) = self.folder.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*")
        libraries = f"{loader.parent}:{loader.parent}/systemd"
        found = next(
            path for path in (self.folder / "usr/bin" / name, self.folder / "usr/sbin" / name) if path.exists()
        )
        return [str(loader), "--library-path", libraries, str(found)]


@cache
def recipe_digest() -> str:
    """Changes with everything that a root is made from."""
    digest = hashlib.sha256()
    for path in sorted(path for path in RECIPE.rglob("*") if path.is_file()):
        digest.update(
            f"{path.relative_to(RECIPE)}\0{path.stat().st_mode & 0o111}\0".encode() + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()[:12]


def root_folder(*, torch: bool) -> Path:
    """Where ``make box`` puts a root: a folder of this user, outside the checkout."""
    return user_cache() / f"box-{'torch-' if torch else ''}{recipe_digest()}"


@cache
def why_no_box() -> str | None:
    """What this machine lacks to run a box, in one line; None when it can."""
    if os.geteuid() != 0:
        return "a box needs root, for its namespaces and mounts"
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"a box needs {', '.join(missing)}, from the packages mount and util-linux"
    if not Path("/dev/loop-control").exists():
        return "a box needs loop devices for its disk: there is no /dev/loop-control"
    if subprocess.run(_NAMESPACES, check=False, capture_output=True, timeout=30).returncode != 0:  # noqa: S603
        return "a box needs namespaces, and none can be made here: an old kernel, or a container without privileges?"
    return None


def require_root(*, torch: bool = False) -> Root:
    """The root to use. ``torch``: the one with PyTorch.

    Raises:
        NoBoxError: when there is none, or when this machine cannot run it.
    """
    folder = root_folder(torch=torch)
    reason = why_no_box() or (None if folder.is_dir() else HOW_TO_GET_ONE)
    if reason is not None:
        raise NoBoxError(reason)
    return Root(folder)
