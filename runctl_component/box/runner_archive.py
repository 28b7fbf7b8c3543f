"""The on-box runner as a zip, which the instance fetches from the run's bucket at its first boot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import monitor_runtime
from runctl_component.stored_zip import WrittenFile, own_source, stored_zip

SOURCES = Path(__file__).parent / "runner"
_CONTRACT = Path(monitor_runtime.__file__).parent / "contract"
_PROGRAM = b"from runner.main import main\n\nmain()\n"
INSTALLED = {
    "last-resort.sh": "usr/local/lib/runctl/last-resort.sh",
    "needrestart.conf": "etc/needrestart/conf.d/runctl.conf",
    "runctl-guard.service": "etc/systemd/system/runctl-guard.service",
    "runctl-guard.timer": "etc/systemd/system/runctl-guard.timer",
    "runctl-training.service": "etc/systemd/system/runctl-training.service",
}
"""What user data takes out of the zip, and where it belongs on the instance."""
_KEY_DIGITS = 16


def runner_path() -> str:
    """The absolute path of a file that holds the zip, for a `FileAsset`."""
    return _FILE.path()


def runner_key(prefix: str) -> str:
    """Where it lies in the run's bucket; another runner has another key, so that one never changes under a box."""
    return f"{prefix}runctl/runner-{runner_digest()[:_KEY_DIGITS]}.zip"


@cache
def runner_digest() -> str:
    """Its SHA-256, by which the instance knows that it has the right one."""
    return hashlib.sha256(runner_archive()).hexdigest()


@cache
def runner_archive() -> bytes:
    """The zip: a program for ``python3 -I``, and the files that are installed beside it."""
    return stored_zip(_entries())


def _entries() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _PROGRAM
    modules = (path for path in SOURCES.rglob("*.py") if path.stem.isidentifier())
    for path in modules:
        yield f"runner/{path.relative_to(SOURCES).as_posix()}", own_source(path)
    # What the monitor and the box must understand alike.
    yield "monitor_runtime/__init__.py", b""
    yield "monitor_runtime/contract/__init__.py", b""
    yield "monitor_runtime/contract/hold_time.py", own_source(_CONTRACT / "hold_time.py")
    for name, place in INSTALLED.items():
        yield place, own_source(SOURCES / name)


_FILE = WrittenFile("runner.zip", runner_archive)
