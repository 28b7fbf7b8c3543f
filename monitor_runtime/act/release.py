"""What Pulumi is about to remove is released: its end is no news, and nothing is left behind for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from monitor_runtime.act import deadline_switch
from monitor_runtime.act.ending import RemainingSeconds, with_retries
from monitor_runtime.act.report import Report
from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import ForgetTrigger

RECLAIMED = {names.TAG_RELEASED: ""}


@dataclass(frozen=True, slots=True)
class Released:
    """The instances that were to be released, and what went wrong with it."""

    instance_ids: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])


def release(cloud: Cloud, clock: Clock, trigger: ForgetTrigger, remaining_seconds: RemainingSeconds) -> Released:
    """Release the instances of the run, and remove what the monitor made for them.

    Never raises CloudError: it must not keep a stack from being destroyed.
    """
    if not trigger.run:
        return Released(problems=["the settings name no run: nothing was released"])
    problems: list[str] = []
    tags = names.run_tags(trigger.monitor, trigger.run)
    try:
        instances = with_retries(clock, lambda: cloud.find_instances(tags), remaining_seconds)
    except CloudError as error:
        instances, problems = (), [str(error)]
    steps = [step for instance in instances for step in _steps(cloud, instance.instance_id, clock.now())]
    for step in [*steps, partial(cloud.delete_schedule, names.follow_up_name(trigger.run))]:
        try:
            with_retries(clock, step, remaining_seconds)
        except CloudError as error:
            problems.append(str(error))
    return Released([instance.instance_id for instance in instances], problems)


def _steps(cloud: Cloud, instance_id: str, now: datetime) -> Iterator[Callable[[], None]]:
    """Released first: a check that comes between makes nothing anew. Disarmed last: it is not so before."""
    yield partial(cloud.tag_instance, instance_id, {names.TAG_RELEASED: format_time(now)})
    yield partial(_disarm, cloud, instance_id)


def _disarm(cloud: Cloud, instance_id: str) -> None:
    deadline_switch.remove(cloud, instance_id)
    cloud.tag_instance(instance_id, deadline_switch.DISARMED)


def reclaim(
    cloud: Cloud, clock: Clock, instance: Instance, report: Report, remaining_seconds: RemainingSeconds
) -> None:
    """The first check of an instance that was released says that it stays."""
    if not instance.tags.get(names.TAG_RELEASED):
        return
    try:
        with_retries(clock, lambda: cloud.tag_instance(instance.instance_id, RECLAIMED), remaining_seconds)
    except CloudError as error:
        report.problem(f"not recorded in tags: {error}")
