"""What wakes the monitor for a run: how often, and with what."""

from collections.abc import Mapping
from typing import Any

from monitor_runtime.contract import names


def rate(seconds: float) -> str:
    """The schedule expression of a heartbeat; EventBridge counts in minutes."""
    minutes = int(seconds) // 60
    return f"rate({minutes} minute{'' if minutes == 1 else 's'})"


def first_check_triggers(args: Mapping[str, Any], instance_id: str) -> dict[str, str]:
    """What a first check has proven: that the monitor sees the instance, can read the outputs and gets their events."""
    return {
        "instance": instance_id,
        "output": names.output_tag(args["bucket"], args["prefix"]),
        "s3_events": str(bool(args["s3_events"])).lower(),
        "kms_key_arn": args.get("kms_key_arn", ""),
    }
