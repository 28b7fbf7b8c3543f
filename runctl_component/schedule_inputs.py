"""What wakes the monitor for a run: how often, and with what."""

import json
from typing import Any

from monitor_runtime.check import SCHEDULED_TIME
from monitor_runtime.triggers import TriggerKind


def rate(seconds: float) -> str:
    """The schedule expression of a heartbeat; EventBridge counts in minutes."""
    minutes = int(seconds) // 60
    return f"rate({minutes} minute{'' if minutes == 1 else 's'})"


def heartbeat_input(settings: dict[str, Any]) -> str:
    """The input of the heartbeat: the settings document, and the time for which it was scheduled."""
    return _to_json({"trigger": TriggerKind.HEARTBEAT, "scheduled_time": SCHEDULED_TIME, "settings": settings})


def first_check_input(settings: dict[str, Any]) -> str:
    """The input of the first check."""
    return _to_json({"trigger": TriggerKind.FIRST_CHECK, "settings": settings})


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
