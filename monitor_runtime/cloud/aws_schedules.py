"""EventBridge Scheduler: how the monitor's one-time schedules are written, and how all of its group are read."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from monitor_runtime.cloud.interface import CloudError, DeadlineSwitch, ErrorKind, FollowUp
from monitor_runtime.cloud.pages import Schedule, SchedulePage
from monitor_runtime.cloud.resources import MonitorResources
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.triggers import heartbeat_settings, rate

Value = TypeVar("Value")

MAX_SCHEDULES = 100
"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html"""
_ACTIONS = {Action.STOP: "stopInstances", Action.TERMINATE: "terminateInstances"}
_DELIVERY = {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 3}
_SWITCH_DELIVERY = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 60}


class ScheduleCalls(ABC):
    """The part of `monitor_runtime.cloud.interface.Cloud` that is about schedules."""

    def __init__(self, resources: MonitorResources) -> None:
        self._resources = resources

    @abstractmethod
    def _call(
        self, service: str, operation: str, parameters: Mapping[str, Any], read: Callable[[Any], Value] = lambda _: None
    ) -> Value:
        """Send a request, and read its answer."""

    def put_follow_up(self, follow_up: FollowUp) -> None:
        """See `Cloud.put_follow_up`."""
        target = {"Arn": self._resources.function_arn, "Input": follow_up.input, "RetryPolicy": _DELIVERY}
        self._put_schedule(self._schedule(follow_up.name, follow_up.at, target), replaces=follow_up.replaces)

    def put_deadline_switch(self, switch: DeadlineSwitch) -> None:
        """See `Cloud.put_deadline_switch`. EventBridge Scheduler calls EC2 itself, with the scheduler's role."""
        self._put_schedule(self._switch_schedule(switch))

    def _switch_schedule(self, switch: DeadlineSwitch) -> dict[str, Any]:
        target = {
            "Arn": f"arn:{self._resources.partition}:scheduler:::aws-sdk:ec2:{_ACTIONS[switch.action]}",
            "Input": json.dumps({"InstanceIds": [switch.instance_id]}),
            "RetryPolicy": _SWITCH_DELIVERY,
        }
        return self._schedule(switch.name, switch.at, target)

    def _schedule(self, name: str, at: datetime, target: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "GroupName": self._resources.schedule_group,
            "Name": name,
            "ScheduleExpression": _expression(at),
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                **target,
                "RoleArn": self._resources.scheduler_role_arn,
                "DeadLetterConfig": {"Arn": self._resources.dead_letter_arn},
            },
        }

    def _put_schedule(self, schedule: Mapping[str, Any], *, replaces: bool = True) -> None:
        """Updating replaces the whole schedule, so both calls get all of it; it may come or go between two calls."""
        try:
            self._call("scheduler", "CreateSchedule", schedule)
        except CloudError as error:
            if error.kind is not ErrorKind.CONFLICT or not replaces:
                raise
            self._call("scheduler", "UpdateSchedule", schedule)

    def delete_schedule(self, name: str) -> None:
        """See `Cloud.delete_schedule`."""
        try:
            self._call("scheduler", "DeleteSchedule", self._named(name))
        except CloudError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise

    def schedule_input(self, name: str) -> str:
        """See `Cloud.schedule_input`."""
        return self._call("scheduler", "GetSchedule", self._named(name), lambda answer: answer["Target"]["Input"])

    def list_schedules(self, prefix: str = "", token: str | None = None) -> SchedulePage:
        """See `Cloud.list_schedules`."""
        wanted = {"GroupName": self._resources.schedule_group, "MaxResults": MAX_SCHEDULES}
        further = {**({"NamePrefix": prefix} if prefix else {}), **({"NextToken": token} if token else {})}
        return self._call(
            "scheduler",
            "ListSchedules",
            {**wanted, **further},
            lambda answer: SchedulePage(
                tuple(_read_schedule(entry) for entry in answer["Schedules"]), answer.get("NextToken") or None
            ),
        )

    def find_schedule(self, name: str) -> Schedule | None:
        """See `Cloud.find_schedule`."""
        return self._get(name, _read_schedule)

    def has_deadline_switch(self, switch: DeadlineSwitch) -> bool:
        """See `Cloud.has_deadline_switch`."""
        wanted = self._switch_schedule(switch)

        def is_right(answer: Mapping[str, Any]) -> bool:
            in_utc = (answer.get("ScheduleExpressionTimezone") or "UTC") == "UTC"
            return _read_schedule(answer).enabled and in_utc and _agrees(answer, wanted)

        return bool(self._get(switch.name, is_right))

    def heartbeat_was_changed(self, run: str, monitor: str) -> bool:
        """See `Cloud.heartbeat_was_changed`."""

        def is_wrong(answer: Mapping[str, Any]) -> bool:
            settings = heartbeat_settings(answer["Target"]["Input"])
            if settings is None or (settings.run, settings.monitor) != (run, monitor):
                return True
            target = {"Arn": self._resources.function_arn, "RoleArn": self._resources.scheduler_role_arn}
            always = {"FlexibleTimeWindow": {"Mode": "OFF"}, "EndDate": None}
            wanted = {"ScheduleExpression": rate(settings.max_interval_seconds), "Target": target, **always}
            return not _agrees(answer, wanted)

        return bool(self._get(names.heartbeat_name(run), is_wrong))

    def _get(self, name: str, read: Callable[[Any], Value]) -> Value | None:
        try:
            return self._call("scheduler", "GetSchedule", self._named(name), read)
        except CloudError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            return None

    def _named(self, name: str) -> dict[str, str]:
        return {"GroupName": self._resources.schedule_group, "Name": name}


def _expression(at: datetime) -> str:
    """The next whole second, in UTC."""
    moment = (at + timedelta(microseconds=999_999)).astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return f"at({moment.isoformat()})"


def _agrees(answer: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether all that was set stands there so, however deep; what else AWS says does not matter."""
    return all(
        _agrees(answer.get(key) or {}, cast("dict[str, Any]", value))
        if isinstance(value, dict)
        else answer.get(key) == value
        for key, value in wanted.items()
    )


def _read_schedule(answer: Mapping[str, Any]) -> Schedule:
    """One entry of ListSchedules, or the answer of GetSchedule. A schedule is enabled unless it is said not to be."""
    made_at = answer.get("CreationDate")
    changed_at = answer.get("LastModificationDate") or answer["CreationDate"]
    was_changed = made_at is not None and changed_at > made_at
    return Schedule(answer["Name"], answer.get("State") != "DISABLED", changed_at.astimezone(UTC), was_changed)
