"""The one-time schedule that ends the run without our code: armed, moved, removed."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.recording import record_tags
from monitor_runtime.cloud.interface import CloudError, DeadlineSwitch
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import switch_time
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import TriggerKind
from monitor_runtime.decide.memory import Memory, armed_value, unsure
from monitor_runtime.decide.next_check import LEAD


def disarm(context: CheckContext, armed: str) -> dict[str, str]:
    """Remove the deadline switch; what to record of it. ``armed``: the tag as it stands."""
    try:
        context.cloud.delete_schedule(names.deadline_switch_name(context.settings.run))
    except CloudError as error:
        context.report.problem(f"deadline switch not removed: {error}")
        return {names.TAG_ARMED: unsure(armed)}
    return {names.TAG_ARMED: ""}


def unrecorded_switch(context: CheckContext, instance: Instance) -> str:
    """A switch that no tag records: it is made first and recorded then, and either may have failed."""
    at = switch_time(context.settings, instance.launched_at, None) if instance.launched_at else None
    return armed_value(at, context.settings.on_deadline) if at else ""


def arm(context: CheckContext, instance: Instance, memory: Memory, launched_at: datetime, now: datetime) -> None:
    """Have EventBridge end the run by itself should the monitor fail; once per launch, moved by a hold or settings.

    The first check does not trust the tag: the removal of an earlier one may have taken the switch away. Nor does one
    that comes shortly before the switch fires: then a hold may have moved it unrecorded.
    """
    settings, armed = context.settings, memory.armed
    at = switch_time(settings, launched_at, memory.hold.until)
    if at is None:
        if armed:
            record_tags(context, instance, disarm(context, armed))
        return
    wanted = armed_value(at, settings.on_deadline)
    trusts = context.report.trigger != TriggerKind.FIRST_CHECK and not _is_near(settings, at, now)
    if at <= now or (armed == wanted and trusts):
        return
    if armed != wanted and not _may_move(context, instance, memory, at, now):
        return
    switch = DeadlineSwitch(names.deadline_switch_name(settings.run), at, settings.on_deadline, instance.instance_id)
    try:
        context.cloud.put_deadline_switch(switch)
    except CloudError as error:
        context.report.problem(f"deadline switch not armed: {error}")
        record_tags(context, instance, {names.TAG_ARMED: unsure(wanted)})
        return
    context.report.note(f"deadline switch armed for {format_time(at)}")
    # Also where the tag said so already: a check that ended the run meanwhile has emptied it.
    record_tags(context, instance, {names.TAG_ARMED: wanted})


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
