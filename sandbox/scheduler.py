"""EventBridge Scheduler: fires the schedules that are in moto, as late as the real one may."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from monitor_runtime.tags import format_time
from sandbox.boto import client
from sandbox.clock import VirtualClock
from sandbox.functions import Functions, send_to_queue

PRECISION_SECONDS = 60
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:ec2:(stop|terminate)Instances")

Key = tuple[str, str]


def next_due(expression: str, created_at: datetime, after: datetime) -> datetime | None:
    """When a schedule is due next, later than ``after``; None when it never is again."""
    rate, once = _RATE.fullmatch(expression), _AT.fullmatch(expression)
    if rate:
        step = timedelta(**{f"{rate[2]}s": int(rate[1])})
        return created_at + step * ((after - created_at) // step + 1)
    if once:
        moment = datetime.fromisoformat(once[1]).replace(tzinfo=UTC)
        return moment if moment > after else None
    raise ValueError(f"schedule expression: got {expression!r}; accepted: rate(...) and at(...)")


class Scheduler:
    """Keeps the clock's queue in step with what schedules there are."""

    def __init__(self, clock: VirtualClock, functions: Functions, seed: int) -> None:
        self._clock = clock
        self._functions = functions
        self._random = random.Random(seed)
        self._planned: dict[Key, tuple[str, datetime]] = {}
        self.listeners: list[Callable[[str], None]] = []

    def refresh(self) -> None:
        """Plan what was created or moved since the last look; what was deleted is noticed when it is due."""
        schedules = client("scheduler")
        for page in schedules.get_paginator("list_schedules").paginate():
            for listed in page["Schedules"]:
                key = (listed["GroupName"], listed["Name"])
                schedule = schedules.get_schedule(GroupName=key[0], Name=key[1])
                planned = self._planned.get(key)
                if schedule.get("State", "ENABLED") == "ENABLED" and (
                    planned is None or planned[0] != _identity(schedule)
                ):
                    self._plan(key, schedule, self._clock.now())

    def _plan(self, key: Key, schedule: Any, after: datetime) -> None:
        due = next_due(schedule["ScheduleExpression"], schedule["CreationDate"].astimezone(UTC), after)
        identity = _identity(schedule)
        if due is None:
            due = self._clock.now()
        self._planned[key] = (identity, due)
        late = timedelta(seconds=self._random.randrange(PRECISION_SECONDS))
        self._clock.at(due + late, lambda: self._fire(key, identity, due))

    def _fire(self, key: Key, identity: str, due: datetime) -> None:
        if self._planned.get(key) != (identity, due):
            return
        schedules = client("scheduler")
        try:
            schedule = schedules.get_schedule(GroupName=key[0], Name=key[1])
        except schedules.exceptions.ResourceNotFoundException:
            del self._planned[key]
            return
        if schedule["ScheduleExpression"].startswith("rate"):
            self._plan(key, schedule, due)
        else:
            del self._planned[key]
            if schedule.get("ActionAfterCompletion") == "DELETE":
                schedules.delete_schedule(GroupName=key[0], Name=key[1])
        self._deliver(key, schedule, due)
        self.refresh()

    def _deliver(self, key: Key, schedule: Any, due: datetime) -> None:
        target = schedule["Target"]
        text = _with_context(target.get("Input", "{}"), schedule["Arn"], due)
        for listener in self.listeners:
            listener(key[1])
        universal = _UNIVERSAL.fullmatch(target["Arn"])
        if universal is None:
            self._functions.invoke_later(target["Arn"], json.loads(text))
            return
        call = client("ec2").stop_instances if universal[1] == "stop" else client("ec2").terminate_instances
        try:
            call(**json.loads(text))
        except ClientError as error:
            queue = target.get("DeadLetterConfig", {}).get("Arn")
            if queue:
                send_to_queue(queue, {"schedule": schedule["Arn"], "error": str(error)})


def _identity(schedule: Any) -> str:
    return f"{schedule['ScheduleExpression']} {schedule['CreationDate']} {schedule.get('LastModificationDate')}"


def _with_context(text: str, arn: str, due: datetime) -> str:
    """See https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html ."""
    attributes = {
        "<aws.scheduler.schedule-arn>": arn,
        "<aws.scheduler.scheduled-time>": format_time(due),
        "<aws.scheduler.execution-id>": uuid.uuid4().hex,
        "<aws.scheduler.attempt-number>": "1",
    }
    for name, value in attributes.items():
        text = text.replace(name, value)
    return text
