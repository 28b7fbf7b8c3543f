"""From an event, which carries no settings, to the run it is about: by the instance's tags to its schedule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.values import ON, Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.settings import Settings, SettingsError, parse
from monitor_runtime.contract.triggers import S3EventTrigger, SpotWarningTrigger
from monitor_runtime.contract.wording import few
from monitor_runtime.observe.misses import Misses


@dataclass(frozen=True, slots=True)
class Located:
    """A run, and those of its instances that the event is about, as just described."""

    settings: Settings
    unknown_fields: tuple[str, ...]
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Why a trigger leads to no check. ``run``: the monitor's run that it is about, if it is about one."""

    reason: str
    run: str = ""


class UnwatchedError(Exception):
    """A live instance of this monitor has no settings: it is not watched, and may never be ended."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A run of this monitor that cannot be checked, and why."""

    run: str
    error: UnwatchedError | CloudError


Found = Located | Ignored | Lost


def locate(
    cloud: Cloud, monitor: str, trigger: S3EventTrigger | SpotWarningTrigger, misses: Misses, now: datetime
) -> list[Found]:
    """The runs that an event is about, those of them that cannot be checked, and why it is not about other instances.

    Where ``misses`` says that nobody of this monitor writes, or that EC2 throttles, EC2 is not asked.

    Raises:
        CloudError: when EC2 does not answer; Lambda then delivers the event again.
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
        if misses.is_throttled(now):
            return [Ignored("EC2 throttled a moment ago: the next check of the run looks")]
        found = _writing_to(cloud, subject, misses, now)
        if all(instance.tags.get(names.TAG_MONITOR) != monitor for instance in found):
            misses.add(cloud, monitor, subject, now)
    if not found:
        return [Ignored(f"no instance for {subject}")]
    by_schedule: dict[str, list[Instance]] = {}
    ignored: list[Ignored] = []
    for instance in found:
        owner = instance.tags.get(names.TAG_MONITOR)
        if owner == monitor:
            by_schedule.setdefault(instance.tags.get(names.TAG_SCHEDULE, ""), []).append(instance)
        else:
            reason = f"{instance.instance_id} belongs to {owner or 'no monitor'}, not to {monitor}"
            ignored.append(Ignored(reason))
    return [*(_run_of(cloud, schedule, instances, now) for schedule, instances in by_schedule.items()), *ignored]


def _writing_to(cloud: Cloud, place: str, misses: Misses, now: datetime) -> list[Instance]:
    try:
        return list(cloud.find_instances({names.TAG_OUTPUT: place}))
    except CloudError as error:
        misses.failed(error, now)
        raise


def _run_of(cloud: Cloud, schedule: str, instances: Sequence[Instance], now: datetime) -> Found:
    run = instances[0].tags.get(names.TAG_RUN, "")
    try:
        declared = _declared(cloud, schedule) if schedule else f"there is no tag {names.TAG_SCHEDULE}"
    except CloudError as error:
        return Lost(run, error)
    if not isinstance(declared, str):
        return Located(*declared, tuple(instances))
    unwatched = [instance for instance in instances if _is_unwatched(instance, now)]
    if unwatched:
        return Lost(run, _unwatched(run, declared, unwatched))
    return Ignored(f"{declared}, but {_with_states(instances)} has ended or is being removed", run)


def _is_unwatched(instance: Instance, now: datetime) -> bool:
    """Of an instance without settings: whether it goes on, and Pulumi is not just about to remove it."""
    return instance.state in ON and not Memory.of(instance, now).may_be_going(now)


def _with_states(instances: Sequence[Instance]) -> str:
    return few([f"{instance.instance_id} ({instance.state})" for instance in instances])


def _unwatched(run: str, lack: str, instances: Sequence[Instance]) -> UnwatchedError:
    return UnwatchedError(
        f"{lack}: {_with_states(instances)} of run {run or '?'} cannot be checked, and may never be ended."
        " Run pulumi up --refresh, which makes what is missing, or end the instance by hand; one that is to live on"
        f" unwatched must lose its tag {names.TAG_MONITOR}"
    )


def current_settings(cloud: Cloud, carried: Settings, now: datetime) -> tuple[Settings, tuple[str, ...]] | Ignored:
    """What the heartbeat of a run carries now, and the fields of it that this monitor does not know.

    ``carried``: the settings of the follow-up that asks.

    Raises:
        CloudError: when the Scheduler or EC2 does not answer.
        UnwatchedError: when there is no such schedule, or none with settings, but a live instance of the run.
    """
    declared = _declared(cloud, names.heartbeat_name(carried.run))
    if not isinstance(declared, str):
        return declared
    instances = cloud.find_instances(names.run_tags(carried.monitor, carried.run))
    if unwatched := [instance for instance in instances if _is_unwatched(instance, now)]:
        raise _unwatched(carried.run, declared, unwatched)
    return Ignored(f"{declared}: {carried.run} is not declared any more", carried.run)


def declared_settings(cloud: Cloud, run: str) -> tuple[Settings, tuple[str, ...]] | str:
    """What the heartbeat of a run carries now, and the fields of it that this monitor does not know, or why nothing.

    Raises:
        CloudError: when the Scheduler does not answer.
    """
    return _declared(cloud, names.heartbeat_name(run))


def _declared(cloud: Cloud, schedule: str) -> tuple[Settings, tuple[str, ...]] | str:
    """The settings that a heartbeat carries, or why there are none.

    Raises:
        CloudError: when the Scheduler does not answer.
    """
    try:
        return parse(_settings_of(cloud.schedule_input(schedule)))
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return f"schedule {schedule} does not exist"
    except SettingsError as error:
        return f"schedule {schedule} carries no settings that can be read ({error})"


def _settings_of(schedule_input: str) -> object:
    try:
        return json.loads(schedule_input).get("settings")
    except (ValueError, AttributeError):
        return schedule_input
