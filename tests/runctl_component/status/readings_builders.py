"""Small builders of what was read of an account."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import heartbeat_input
from runctl_component.status.heartbeats import Declared, Heartbeat, read_input
from runctl_component.status.last_check import LastCheck
from runctl_component.status.readings import Readings
from runctl_component.status.run_status import RunStatus
from runctl_component.status.scope import Scope
from runctl_component.status.statuses import statuses
from runctl_component.status.values import Function, Instance, LogLine, Schedule

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LAUNCH = NOW - timedelta(hours=3)
MONITOR, RUN, GROUP = "team/dev/runs", "llama-ft", "runs-schedules"
INSTANCE_ID = "i-0123456789abcdef0"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:runs-function"
SETTINGS = Settings(RUN, MONITOR, "outputs", "runs/llama-ft/", box_reports=True)
FUNCTION = Function(MONITOR, GROUP, "runs-log")


def before(**ago: float) -> str:
    """A time before now, as tags have it."""
    return format_time(NOW - timedelta(**ago))


def after(**ahead: float) -> str:
    """A time that is to come, as tags have it."""
    return format_time(NOW + timedelta(**ahead))


def instance(state: str = "running", instance_id: str = INSTANCE_ID, **tags: str | None) -> Instance:
    """The run's instance; ``outcome`` is the tag ``runctl:outcome``, and None takes a tag away."""
    given = {f"runctl:{name.replace('_', '-')}": value for name, value in tags.items()}
    usual = {**names.run_tags(MONITOR, RUN), names.TAG_OUTPUT: "outputs/runs/llama-ft/"}
    kept = {name: value for name, value in {**usual, **given}.items() if value is not None}
    return Instance(instance_id, state, LAUNCH, kept)


def heartbeat(settings: Settings | None = SETTINGS, *, enabled: bool = True, text: str = "") -> Heartbeat:
    """The run's heartbeat, with its settings, another input, or one that was not read."""
    declared: Declared | None = read_input(text) if text else None
    if settings and not text:
        declared = read_input(heartbeat_input(settings.to_document()))
    return Heartbeat(Schedule(GROUP, RUN, enabled, FUNCTION_ARN), MONITOR, declared, FUNCTION)


def switch(instance_id: str = INSTANCE_ID, *, enabled: bool = True) -> Schedule:
    """The deadline switch of an instance."""
    target = "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
    return Schedule(GROUP, names.deadline_switch_name(instance_id), enabled, target)


def check(reason: str = "training", **fields: Any) -> LastCheck:
    """A check a minute ago."""
    return replace(LastCheck(NOW - timedelta(minutes=1), "heartbeat", "wait", reason, INSTANCE_ID), **fields)


def readings(*instances: Instance, **fields: Any) -> Readings:
    """One run with a heartbeat, whose monitor's log was read."""
    usual = Readings(
        NOW,
        "us-east-1",
        Scope(),
        instances,
        (),
        (heartbeat(),),
        group_monitors={GROUP: MONITOR},
        checks={(MONITOR, RUN): check()},
        logs_since={MONITOR: NOW - timedelta(minutes=10)},
    )
    return replace(usual, **fields)


def told(*instances: Instance, **fields: Any) -> RunStatus:
    """What is told of the one run."""
    (status,) = statuses(readings(*instances, **fields))
    return status


def line(message: str, run: str = RUN, at: datetime = NOW, request: str = "1", **fields: Any) -> LogLine:
    """A line of the monitor's log."""
    return LogLine(at, json.dumps({"message": message, "run": run, "function_request_id": request, **fields}))
