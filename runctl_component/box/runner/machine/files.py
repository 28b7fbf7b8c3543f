"""The runner's files. A disk that is full, read-only or broken is said, and stops nothing."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any, cast

ROOT = os.environ.get("RUNCTL_ROOT", "")
SETTINGS = f"{ROOT}/etc/runctl/settings.json"
ENVIRONMENT = f"{ROOT}/etc/runctl/environment.json"
COMMAND = f"{ROOT}/etc/runctl/command"
KEPT = f"{ROOT}/var/lib/runctl"
"""Survives a boot."""
PASSING = f"{ROOT}/run/runctl"
"""In memory: gone after a boot, there when the disk is full."""
LOGS = f"{ROOT}/var/log/runctl"


def say(text: str) -> None:
    """Tell the journal."""
    with suppress(OSError):
        print(f"runctl: {text}", flush=True)


def say_on_console(text: str) -> None:
    """Tell who looks from outside, with ``aws ec2 get-console-output``."""
    say(text)
    with suppress(OSError), open(f"{ROOT}/dev/console", "a", encoding="utf-8") as console:
        console.write(f"runctl: {text}\r\n")


def read(path: str) -> str:
    """What is in a file; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def read_object(path: str) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(read(path))
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def write(path: str, text: str) -> bool:
    """Put a text into a file, whole or not at all; whether it is there."""
    new = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(new, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        say(f"not written: {path}: {error}")
        remove(new)
        return False
    return True


def overwrite(path: str, text: str) -> bool:
    """Put a text into the blocks that a longer file has already: a full disk has no others."""
    content = text.encode()
    try:
        with open(path, "r+b") as file:
            file.write(content.ljust(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return write(path, text)
    return True


def remove(path: str) -> None:
    """Take a file away, if it is there."""
    with suppress(OSError):
        os.remove(path)


def uptime() -> float:
    """Seconds since the boot: no clock that is set changes them."""
    return float(read(f"{ROOT}/proc/uptime").split()[0])
