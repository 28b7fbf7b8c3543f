"""What wakes the monitor for a run: how often, and with what."""

import json
from collections.abc import Mapping
from typing import Any

from monitor_runtime.contract import names
from monitor_runtime.contract.triggers import SCHEDULED_TIME, TriggerKind


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


def first_check_triggers(args: Mapping[str, Any], instance_id: str) -> dict[str, str]:
    """What a first check has proven: that the monitor sees the instance, and can read and hear the outputs."""
    return {
        "instance": instance_id,
        "output": names.output_tag(args["bucket"], args["prefix"]),
        "s3_events": str(bool(args["s3_events"])).lower(),
        "kms_key_arn": args.get("kms_key_arn", ""),
    }


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
