"""What a marker says of the end of the training."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from ..machine.files import PASSING, say

MANIFEST = f"{PASSING}/checkpoint.json"
"""Where the command may write which objects are its checkpoint."""
_MAX_MANIFEST_CHARACTERS = 60_000
_SIGNALLED = 128


def now() -> str:
    """The time, as in the monitor's own words."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def exit_code_of(status: int) -> int:
    """As a shell has it: 128 and the number of the signal for what died of one, which `subprocess` has below 0."""
    return status if status >= 0 else _SIGNALLED - status


def ended(exit_code: int, last_words: str, started_at: str) -> dict[str, Any]:
    """Of a command that ended with this code."""
    marker: dict[str, Any] = {"outcome": "failed" if exit_code else "succeeded", "exit_code": exit_code}
    marker.update({"started_at": started_at, **_where_and_when()})
    if exit_code:
        marker["message"] = last_words
    with suppress(ValueError):
        marker["signal"] = signal.Signals(exit_code - _SIGNALLED).name
    checkpoint = _manifest()
    if checkpoint is not None:
        marker["checkpoint"] = checkpoint
    return marker


def failed(message: str) -> dict[str, Any]:
    """Of a run whose command never began."""
    return {"outcome": "failed", "message": message, **_where_and_when()}


def _where_and_when() -> dict[str, Any]:
    return {"ended_at": now(), "host": os.uname().nodename}


def _manifest() -> list[dict[str, Any]] | None:
    try:
        with open(MANIFEST, encoding="utf-8") as entries:
            found = [_entry(str(entry["key"]), int(entry["size"])) for entry in json.load(entries)]
    except FileNotFoundError:
        return None
    except (LookupError, OSError, OverflowError, RecursionError, TypeError, ValueError) as error:
        say(f"checkpoint manifest left out: {error!r}")
        return None
    if len(json.dumps(found)) > _MAX_MANIFEST_CHARACTERS:
        say("checkpoint manifest left out: longer than the 64 KiB that the monitor reads")
        return None
    return found


def _entry(key: str, size: int) -> dict[str, Any]:
    if not key or size < 0:
        raise ValueError("a key that is empty or a size below 0")
    return {"key": key, "size": size}
