"""Trying, at the first check and without harm, all that ends a run: what is denied is named then, not found later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.deadline_switch import arm
from monitor_runtime.act.report import Report
from monitor_runtime.cloud.dry_run import denial
from monitor_runtime.cloud.interface import Change, CloudError, ErrorKind, FollowUp
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import switch_time
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.triggers import follow_up_input

_TRIED = (Change.STOP, Change.TERMINATE, Change.TAG)
"""For every run: what cannot be stopped is terminated, and what is done is recorded."""


def steps(context: CheckContext, instances: Sequence[Instance]) -> Sequence[Callable[[], Iterable[str]]]:
    """Dry runs of every change that an ending makes, and its schedules as they will be."""
    wanted = [(change, each.instance_id) for each in instances for change in _TRIED]
    wanted += [(Change.CANCEL_SPOT_REQUEST, each.spot_request_id) for each in instances if each.spot_request_id]
    return [
        *(partial(_try_out, context, change, resource_id) for change, resource_id in wanted),
        *([partial(_try_schedules, context, instances)] if instances else []),
    ]


def _try_out(context: CheckContext, change: Change, resource_id: str) -> Iterator[str]:
    try:
        context.cloud.try_out(change, resource_id)
    except CloudError as error:
        yield _obstacle(f"ec2:{change} on {resource_id}", error)


def _try_schedules(context: CheckContext, instances: Sequence[Instance]) -> Iterator[str]:
    """Arm the deadline switches, and have a follow-up made, moved and taken away again, as every run needs it.

    That one has a name of its own: the pending follow-up may carry what no tag could take.
    """
    unarmed: list[str] = []
    for instance in instances:
        now = context.clock.now()
        memory, launched_at = Memory.of(instance, now), instance.launched_at
        if launched_at and instance.state in ON and _is_due(context, memory, launched_at, now):
            unarmed += _arm(context, instance, memory, launched_at, now)
    yield from unarmed or _try_follow_up(context)
    try:
        context.cloud.delete_schedule(names.trial_name(context.settings.run))
    except CloudError as error:
        yield _obstacle("scheduler:DeleteSchedule", error)


def _is_due(context: CheckContext, memory: Memory, launched_at: datetime, now: datetime) -> bool:
    at = switch_time(context.settings, launched_at, memory.hold.until)
    return at is not None and at > now


def _arm(
    context: CheckContext, instance: Instance, memory: Memory, launched_at: datetime, now: datetime
) -> Sequence[str]:
    """Arm it in earnest, whatever the tag says: the removal of an earlier first check may have taken it away."""
    report = Report(context.settings.run, context.report.trigger, now)
    arm(replace(context, report=report), instance, memory, launched_at, now, anew=True)
    return report.problems


def _try_follow_up(context: CheckContext) -> Iterator[str]:
    at = context.clock.now() + timedelta(seconds=context.settings.max_interval_seconds)
    message = follow_up_input(context.settings.to_document(), {})
    try:
        for _ in ("made", "moved"):
            context.cloud.put_follow_up(FollowUp(names.trial_name(context.settings.run), at, message))
    except CloudError as error:
        yield _obstacle(error.operation, error)


def _obstacle(right: str, error: CloudError) -> str:
    cause = denial(error)
    if error.kind is not ErrorKind.REFUSED:
        return f"{right} could not be tried ({cause})"
    return f"{right} is denied ({cause}): look for a permission boundary or a service control policy"
