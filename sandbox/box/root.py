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
FRAMEWORKS_RECIPE = RECIPE.with_name("box-frameworks")
HOW_TO_GET_ONE = "no file system of a box in the cache of this user: `make box` makes one"
HOW_TO_GET_FRAMEWORKS = "no training frameworks for a box in the cache of this user: `make box` gets them"
_NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--time", "--fork", "true")
_PROGRAMS = ("losetup", "mount", "mountpoint", "nsenter", "setpriv", "unshare")


class NoBoxError(RuntimeError):
    """There can be no box here; the message says why, and what would help."""


@dataclass(frozen=True)
class Root:
    """A file system of Debian with systemd, cloud-init and the AWS CLI, which boxes read and never write."""

    folder: Path
    layers: tuple[Path, ...] = ()
    """What lies above it, the topmost first."""

    @property
    def lower_folders(self) -> str:
        """All of it, as an overlay mount takes it."""
        return ":".join(map(str, (*self.layers, self.folder)))

    def program(self, name: str) -> list[str]:
        """The beginning of a command that runs a program of it outside, with its own libraries."""
        (loader,) = self.folder.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*")
        libraries = f"{loader.parent}:{loader.parent}/systemd"
        found = next(
            path for path in (self.folder / "usr/bin" / name, self.folder / "usr/sbin" / name) if path.exists()
        )
        return [str(loader), "--library-path", libraries, str(found)]


@cache
def recipe_digest(recipe: Path = RECIPE) -> str:
    """Changes with everything that a root, or a layer, is made from."""
    digest = hashlib.sha256()
    for path in sorted(path for path in recipe.rglob("*") if path.is_file()):
        digest.update(
            f"{path.relative_to(recipe)}\0{path.stat().st_mode & 0o111}\0".encode() + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()[:12]


def root_folder(*, torch: bool) -> Path:
    """Where ``make box`` puts a root: a folder of this user, outside the checkout."""
    return user_cache() / f"box-{'torch-' if torch else ''}{recipe_digest()}"


def frameworks_folder() -> Path:
    """Where ``make box`` puts the layer with Hugging Face's libraries and Lightning, for the root with PyTorch."""
    return user_cache() / f"box-frameworks-{recipe_digest(FRAMEWORKS_RECIPE)}-{recipe_digest()}"


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
    if subprocess.run(_NAMESPACES, check=False, capture_output=True, timeout=120).returncode != 0:  # noqa: S603
        return "a box needs namespaces, and none can be made here: an old kernel, or a container without privileges?"
    return None


def require_root(*, torch: bool = False, frameworks: bool = False) -> Root:
    """The root to use. ``torch``: the one with PyTorch; ``frameworks``: with those that build on it, too.

    Raises:
        NoBoxError: when there is none, or when this machine cannot run it.
    """
    folder = root_folder(torch=torch or frameworks)
    layers = (frameworks_folder(),) if frameworks else ()
    missing = None if folder.is_dir() else HOW_TO_GET_ONE
    if missing is None and not all(layer.is_dir() for layer in layers):
        missing = HOW_TO_GET_FRAMEWORKS
    reason = why_no_box() or missing
    if reason is not None:
        raise NoBoxError(reason)
    return Root(folder, layers)
