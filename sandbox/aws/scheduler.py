"""EventBridge Scheduler: fires the schedules that are in moto, as late as the real one may."""

from __future__ import annotations

import itertools
import json
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client, parameters_of, session_events
from sandbox.aws.functions import Functions, send_to_queue
from sandbox.aws.virtual_clock import VirtualClock

PRECISION_SECONDS = 60
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:ec2:(stop|terminate)Instances")
_LONGEST_PAUSE_SECONDS = 600
_SUCCESS = range(200, 300)

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


@dataclass(frozen=True)
class _Firing:
    """A schedule that has come due."""

    schedule: Any
    due: datetime
    fired_at: datetime


class Scheduler:
    """Puts every schedule that is written on the clock."""

    def __init__(self, clock: VirtualClock, functions: Functions, seed: int) -> None:
        self._clock = clock
        self._functions = functions
        self._random = random.Random(seed)
        self._written = itertools.count()
        self._versions: dict[Key, int] = {}
        self.listeners: list[Callable[[str], None]] = []

    def watch(self) -> None:
        """Notice from now on when a schedule is created or updated. Call it before the session's first client."""
        session_events().register("after-call.scheduler.CreateSchedule", self._on_write)
        session_events().register("after-call.scheduler.UpdateSchedule", self._on_write)

    def _on_write(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if http_response.status_code not in _SUCCESS:
            return
        wanted = parameters_of(context)
        key = (wanted.get("GroupName", "default"), wanted["Name"])
        self._versions[key] = next(self._written)
        schedule = client("scheduler").get_schedule(GroupName=key[0], Name=key[1])
        _refuse_unknown(schedule)
        # Moto loses the default on an update.
        if (schedule.get("State") or "ENABLED") == "ENABLED":
            self._plan(key, schedule, self._clock.now())

    def _plan(self, key: Key, schedule: Any, after: datetime) -> None:
        due = next_due(schedule["ScheduleExpression"], schedule["CreationDate"].astimezone(UTC), after)
        if due is None:
            return
        version = self._versions[key]
        late = timedelta(seconds=self._random.randrange(PRECISION_SECONDS))
        self._clock.at(due + late, lambda: self._fire(key, version, due))

    def _fire(self, key: Key, version: int, due: datetime) -> None:
        """What was written since then is planned on its own; what was deleted is gone."""
        if self._versions[key] != version:
            return
        schedules = client("scheduler")
        try:
            schedule = schedules.get_schedule(GroupName=key[0], Name=key[1])
        except schedules.exceptions.ResourceNotFoundException:
            return
        self._plan(key, schedule, due)
        if _AT.fullmatch(schedule["ScheduleExpression"]) and schedule.get("ActionAfterCompletion") == "DELETE":
            schedules.delete_schedule(GroupName=key[0], Name=key[1])
        for listener in self.listeners:
            listener(key[1])
        self._deliver(_Firing(schedule, due, self._clock.now()), attempt=0)

    def _deliver(self, firing: _Firing, attempt: int) -> None:
        target = firing.schedule["Target"]
        try:
            self._call(target["Arn"], _with_context(target.get("Input", "{}"), firing, attempt))
        except ClientError as error:
            self._try_again(firing, attempt, error)

    def _call(self, target: str, text: str) -> None:
        universal = _UNIVERSAL.fullmatch(target)
        if universal is None:
            self._functions.invoke_later(target, json.loads(text))
        elif universal[1] == "stop":
            client("ec2").stop_instances(**json.loads(text))
        else:
            client("ec2").terminate_instances(**json.loads(text))

    def _try_again(self, firing: _Firing, attempt: int, error: ClientError) -> None:
        """With growing pauses, as long as the target's retry policy allows; then it goes to the dead letters."""
        target = firing.schedule["Target"]
        policy = target["RetryPolicy"]
        again = self._clock.now() + timedelta(seconds=min(2**attempt, _LONGEST_PAUSE_SECONDS))
        age = timedelta(seconds=policy["MaximumEventAgeInSeconds"])
        if attempt < policy["MaximumRetryAttempts"] and again - firing.fired_at <= age:
            self._clock.at(again, lambda: self._deliver(firing, attempt + 1))
            return
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue:
            send_to_queue(queue, {"schedule": firing.schedule["Arn"], "error": str(error), "attempts": attempt + 1})


def _refuse_unknown(schedule: Any) -> None:
    """What this scheduler does not play must not be passed over in silence."""
    played = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpressionTimezone": "UTC"}
    for field in ("FlexibleTimeWindow", "ScheduleExpressionTimezone", "StartDate", "EndDate"):
        got = schedule.get(field)
        if got not in (None, played.get(field)):
            raise NotImplementedError(f"{field}: got {got!r}; the sandbox plays {played.get(field, 'none')!r}")


def _with_context(text: str, firing: _Firing, attempt: int) -> str:
    """See https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html ."""
    attributes = {
        "<aws.scheduler.schedule-arn>": firing.schedule["Arn"],
        "<aws.scheduler.scheduled-time>": format_time(firing.due),
        "<aws.scheduler.execution-id>": uuid.uuid4().hex,
        "<aws.scheduler.attempt-number>": str(attempt + 1),
    }
    for name, value in attributes.items():
        text = text.replace(name, value)
    return text
