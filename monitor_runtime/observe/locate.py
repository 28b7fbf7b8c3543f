"""From an event, which carries no settings, to the run it is about: by the instance's tags to its schedule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings, parse
from monitor_runtime.contract.triggers import S3EventTrigger, SpotWarningTrigger
from monitor_runtime.observe.misses import Misses


@dataclass(frozen=True, slots=True)
class Located:
    """A run, and those of its instances that the event is about, as just described."""

    settings: Settings
    unknown_fields: tuple[str, ...]
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Why an event concerns no run of this monitor."""

    reason: str


def locate(
    cloud: Cloud, monitor: str, trigger: S3EventTrigger | SpotWarningTrigger, misses: Misses, now: datetime
) -> list[Located | Ignored]:
    """The runs that an event is about, and why it is not about other instances that were found.

    Where ``misses`` says that nobody of this monitor writes, EC2 is not asked.

    Raises:
        CloudError: when EC2 or the Scheduler does not answer; Lambda then delivers the event again.
        SettingsError: when a run's schedule holds settings that are wrong.
    """
    if isinstance(trigger, SpotWarningTrigger):
        instance = cloud.describe_instance(trigger.instance_id)
        found = [] if instance.state is InstanceState.GONE else [instance]
        subject = trigger.instance_id
    else:
        folder = trigger.key[: trigger.key.rfind("/") + 1]
        subject = names.output_tag(trigger.bucket, folder)
        if misses.has(subject, now):
            return [Ignored(f"no instance for {subject}, as of a moment ago")]
        found = list(cloud.find_instances({names.TAG_OUTPUT: subject}))
        if all(instance.tags.get(names.TAG_MONITOR) != monitor for instance in found):
            misses.add(cloud, monitor, subject, now)
    if not found:
        return [Ignored(f"no instance for {subject}")]
    by_schedule: dict[str, list[Instance]] = {}
    ignored: list[Ignored] = []
    for instance in found:
        owner, schedule = instance.tags.get(names.TAG_MONITOR), instance.tags.get(names.TAG_SCHEDULE)
        if owner != monitor:
            reason = f"{instance.instance_id} belongs to {owner or 'no monitor'}, not to {monitor}"
            ignored.append(Ignored(reason))
        elif not schedule:
            ignored.append(Ignored(f"{instance.instance_id} has no tag {names.TAG_SCHEDULE}"))
        else:
            by_schedule.setdefault(schedule, []).append(instance)
    return [*(_run_of(cloud, schedule, instances) for schedule, instances in by_schedule.items()), *ignored]


def _run_of(cloud: Cloud, schedule: str, instances: Sequence[Instance]) -> Located | Ignored:
    declared = _declared(cloud, schedule)
    if declared is None:
        ids = ", ".join(instance.instance_id for instance in instances)
        return Ignored(f"schedule {schedule} of {ids} does not exist")
    return Located(*declared, tuple(instances))


def current_settings(cloud: Cloud, run: str) -> tuple[Settings, tuple[str, ...]] | Ignored:
    """What the run's heartbeat carries now, and the fields of it that this monitor does not know.

    Raises:
        CloudError: when the Scheduler does not answer.
        SettingsError: when the schedule holds settings that are wrong.
    """
    schedule = names.heartbeat_name(run)
    return _declared(cloud, schedule) or Ignored(f"schedule {schedule} does not exist: {run} is not declared any more")


def _declared(cloud: Cloud, schedule: str) -> tuple[Settings, tuple[str, ...]] | None:
    """The settings that a heartbeat carries; None when there is no such schedule."""
    try:
        text = cloud.schedule_input(schedule)
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None
    return parse(_settings_of(text))


def _settings_of(schedule_input: str) -> object:
    try:
        return json.loads(schedule_input).get("settings")
    except (ValueError, AttributeError):
        return schedule_input
