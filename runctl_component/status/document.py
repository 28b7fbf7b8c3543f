"""The status as JSON. `VERSION` grows with each change that a reader of it could trip over; fields may be added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitor_runtime.contract.times import format_time
from runctl_component.status.last_check import LastCheck
from runctl_component.status.readings import LACKS, Readings
from runctl_component.status.run_status import RunStatus

VERSION = 1


def to_document(read: Readings, found: Sequence[RunStatus]) -> dict[str, Any]:
    """A JSON object; times are ISO 8601 in UTC, and what is not known is null."""
    return {
        "version": VERSION,
        "at": format_time(read.at),
        "region": read.region,
        "runs": [_run(status) for status in found],
        "unread": [
            {"right": error.right, "denied": error.denied, "lacks": LACKS[error.right], "error": str(error)}
            for error in read.unread
        ],
    }


def _run(status: RunStatus) -> dict[str, Any]:
    return {
        "monitor": status.monitor or None,
        "run": status.run or None,
        "state": status.state,
        "outcome": status.outcome,
        "reason": status.reason or None,
        "instance_id": status.instance_id,
        "instance_state": status.instance_state,
        "launched_at": _time(status.launched_at),
        "ended_at": _time(status.ended_at),
        "hold_until": _time(status.hold_until),
        "deadline_at": _time(status.deadline_at),
        "has_deadline": status.has_deadline,
        "switch_at": _time(status.switch_at),
        "heartbeat": status.heartbeat,
        "check_every_seconds": status.check_every_seconds,
        "last_check": _check(status.last_check) if status.last_check else None,
        "next_check_at": _time(status.next_check_at),
        "output_uri": status.output_uri,
        "log_uri": status.log_uri,
        "problems": list(status.problems),
    }


def _check(check: LastCheck) -> dict[str, Any]:
    return {
        "at": format_time(check.at),
        "trigger": check.trigger or None,
        "decision": check.decision,
        "reason": check.reason,
        "unmet": list(check.unmet),
        "seen": list(check.seen),
        "problems": list(check.problems),
    }


def _time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
