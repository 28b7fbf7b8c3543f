"""Which schedules are heartbeats of runs, whose they are, and what their inputs say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from monitor_runtime.contract import names
from monitor_runtime.contract.rules import run_name
from monitor_runtime.contract.settings import Settings, SettingsError
from monitor_runtime.contract.triggers import CarriedTrigger, TriggerError, TriggerKind, parse_trigger
from runctl_component.status.values import Function, Schedule, ScheduleDetail

OF_AWS = "default"
"""The group that every account has; a monitor makes one of its own."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the input of a heartbeat says; ``problem`` is what is wrong with it."""

    monitor: str = ""
    settings: Settings | None = None
    problem: str = ""
    is_heartbeat: bool = True
    """False for the input of some other schedule."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A heartbeat of a run. ``declared`` and ``function`` are None where they were not read."""

    schedule: Schedule
    monitor: str
    declared: Declared | None = None
    function: Function | None = None

    @property
    def run(self) -> str:
        """The run that it wakes the monitor for."""
        return names.beating_run(self.schedule.name)

    @property
    def settings(self) -> Settings | None:
        """What the run declares, as far as that was read and is right."""
        return self.declared.settings if self.declared else None


def candidates(schedules: Sequence[Schedule]) -> Sequence[Schedule]:
    """Those that may be heartbeats, by name, group and target."""
    return [
        schedule
        for schedule in schedules
        if schedule.group != OF_AWS and _calls_function(schedule) and _is_run_name(names.beating_run(schedule.name))
    ]


def _calls_function(schedule: Schedule) -> bool:
    return schedule.target_arn.split(":")[2:3] == ["lambda"]


def _is_run_name(name: str) -> bool:
    return bool(name) and not list(run_name("run", name))


def monitor_of(schedule: Schedule, functions: Mapping[str, Function]) -> str | None:
    """The monitor whose function and group these are; empty for somebody else's. None where that could not be read."""
    function = functions.get(schedule.target_arn)
    if function is None or not function.exists:
        return None
    return function.monitor if function.schedule_group == schedule.group else ""


def read_input(text: str) -> Declared:
    """What a heartbeat's input declares."""
    try:
        document: object = json.loads(text)
    except ValueError:
        return Declared(problem="its heartbeat's input is no JSON")
    known = cast("Mapping[str, Any]", document if isinstance(document, dict) else {})
    if known.get("trigger") != TriggerKind.HEARTBEAT:
        return Declared(problem="its heartbeat's input is none of a heartbeat", is_heartbeat=False)
    settings: object = known.get("settings")
    monitor = cast("Mapping[str, object]", settings).get("monitor") if isinstance(settings, dict) else ""
    owner = monitor if isinstance(monitor, str) else ""
    try:
        trigger = parse_trigger(known)
    except SettingsError as error:
        wrong = "; ".join(str(problem) for problem in error.problems)
        return Declared(owner, problem=f"its heartbeat's settings cannot be read: {wrong}")
    except TriggerError as error:
        return Declared(owner, problem=f"its heartbeat's input cannot be read: {error}")
    if not isinstance(trigger, CarriedTrigger):
        return Declared(owner, problem="its heartbeat's input is that of a removal")
    return Declared(owner, trigger.settings)


def heartbeats(
    found: Sequence[Schedule],
    functions: Mapping[str, Function],
    details: Mapping[Schedule, ScheduleDetail],
    runs: Mapping[str, set[str]],
) -> Iterator[Heartbeat]:
    """The candidates that are heartbeats. ``runs``: the names of runs that instances carry, by monitor.

    Where the function tells whose they are, that counts; else it is the input. An input that is of no heartbeat
    belongs to some other schedule, unless an instance's run has its name.
    """
    for schedule in found:
        owner = monitor_of(schedule, functions)
        detail = details.get(schedule)
        declared = read_input(detail.input) if detail else None
        monitor = owner if owner is not None else (declared.monitor if declared else "")
        foreign = declared is not None and not declared.is_heartbeat and schedule.name not in runs.get(monitor, set())
        if monitor and not foreign:
            yield Heartbeat(schedule, monitor, declared, functions.get(schedule.target_arn))
