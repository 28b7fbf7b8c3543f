"""The one-time schedule that ends an instance without our code: armed, moved, removed."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import with_retries
from monitor_runtime.act.recording import record_tags
from monitor_runtime.cloud.interface import Cloud, CloudError, DeadlineSwitch
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import switch_time
from monitor_runtime.contract.lateness import LEAD
from monitor_runtime.contract.memory import Memory, armed_value, unsure
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time


class Repair(StrEnum):
    """What came of an attempt to make a switch right."""

    NOT_NEEDED = "not needed"
    TOO_LATE = "too late"
    """Its time is over, as after a hold that was taken off: only what was recorded can be put back."""
    DONE = "done"
    FAILED = "failed"


DISARMED = {names.TAG_ARMED: ""}
"""What the tags say once the switch is gone."""


def remove(cloud: Cloud, instance_id: str) -> None:
    """Remove the switch, if there is one.

    Raises:
        CloudError: when the Scheduler does not do it.
    """
    cloud.delete_schedule(names.deadline_switch_name(instance_id))


def disarm(context: CheckContext, instance: Instance, armed: str) -> dict[str, str]:
    """Remove the switch; what to record of it. ``armed``: the tag as it stands."""
    try:
        with_retries(context.clock, lambda: remove(context.cloud, instance.instance_id), context.remaining_seconds)
    except CloudError as error:
        context.report.problem(f"deadline switch not removed: {error}")
        return {names.TAG_ARMED: unsure(armed)}
    return dict(DISARMED)


def unrecorded_switch(context: CheckContext, instance: Instance) -> str:
    """A switch that no tag records: it is made first and recorded then, and either may have failed."""
    at = switch_time(context.settings, instance.launched_at, None) if instance.launched_at else None
    return _armed(context, at) if at else ""


def _armed(context: CheckContext, at: datetime) -> str:
    return armed_value(at, context.settings.on_deadline, context.settings.monitor)


def arm(
    context: CheckContext,
    instance: Instance,
    memory: Memory,
    launched_at: datetime,
    now: datetime,
    *,
    anew: bool = False,
) -> None:
    """Have EventBridge end the run by itself should the monitor fail; once per launch, moved by a hold or settings.

    ``anew``: whatever the tag says. What goes wrong is a problem of the report.
    """
    at = switch_time(context.settings, launched_at, memory.hold.until)
    if at is None:
        if memory.armed:
            record_tags(context, instance, disarm(context, instance, memory.armed))
    elif at > now and _must_be_put(context, instance, memory, at, now, anew=anew):
        _put(context, instance, at)


def _must_be_put(
    context: CheckContext, instance: Instance, memory: Memory, at: datetime, now: datetime, *, anew: bool
) -> bool:
    """A tag that names this very time, and this monitor, is believed, but not shortly before the switch fires.

    Then a hold may have moved it unrecorded.
    """
    if memory.armed == _armed(context, at):
        return anew or _is_near(context.settings, at, now)
    return _may_move(context, instance, memory, at, now)


def put_right(
    context: CheckContext, instance: Instance, memory: Memory, launched_at: datetime, now: datetime
) -> Repair:
    """Make the switch what settings and hold say, whatever became of it.

    Raises:
        CloudError: when the Scheduler does not say what there is.
    """
    at = switch_time(context.settings, launched_at, memory.hold.until)
    if at is not None and at <= now:
        return Repair.TOO_LATE
    if at is None or context.cloud.has_deadline_switch(_switch(context, instance, at)):
        return Repair.NOT_NEEDED
    return Repair.DONE if _put(context, instance, at) else Repair.FAILED


def _switch(context: CheckContext, instance: Instance, at: datetime) -> DeadlineSwitch:
    instance_id = instance.instance_id
    return DeadlineSwitch(names.deadline_switch_name(instance_id), at, context.settings.on_deadline, instance_id)


def _put(context: CheckContext, instance: Instance, at: datetime) -> bool:
    """Make or move the switch, and record it; whether the Scheduler has it.

    Also where the tag said so already: a check that ended the run meanwhile has emptied it.
    """
    try:
        context.cloud.put_deadline_switch(_switch(context, instance, at))
    except CloudError as error:
        context.report.problem(f"deadline switch not armed: {error}")
        record_tags(context, instance, {names.TAG_ARMED: unsure(_armed(context, at))})
        return False
    context.report.note(f"deadline switch armed for {format_time(at)}")
    record_tags(context, instance, {names.TAG_ARMED: _armed(context, at)})
    return True


def _may_move(context: CheckContext, instance: Instance, memory: Memory, to: datetime, now: datetime) -> bool:
    """Record that the switch is about to be moved: a tag that went on naming its old time would be believed later.

    Where that is denied, a switch that only a hold moves along stays until it is about to fire.
    """
    recorded = memory.armed_for
    if recorded is None or record_tags(context, instance, {names.TAG_ARMED: unsure(memory.armed)}):
        return True
    if to <= recorded or _is_near(context.settings, recorded, now):
        return True
    context.report.problem(f"deadline switch stays at {format_time(recorded)} until its move can be recorded")
    return False


def _is_near(settings: Settings, at: datetime, now: datetime) -> bool:
    """Whether fewer than two heartbeats, of which one may be lost, are left until then."""
    return at - now <= 2 * (timedelta(seconds=settings.max_interval_seconds) + LEAD)
