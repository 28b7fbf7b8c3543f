"""What happened to an instance since it was looked at: somebody started it, or put it on hold, or a check ended it."""

from __future__ import annotations

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import with_retries
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.times import format_time


def is_overtaken(context: CheckContext, instance: Instance) -> bool:
    """Whether an ending, or its report, is about what is not so any more, so that the instance is left as it is.

    A training may take minutes to react to its signal, and AWS to answer. Where EC2 does not tell, what is stopped is
    left for a later check: that costs little, and to terminate it may cost a launch that has just begun. It is asked
    once: the time is the ending's.
    """
    why = _overtaken_by(context, instance)
    if why:
        context.report.note(f"left {instance.instance_id} as it is: {why}")
    return bool(why)


def _overtaken_by(context: CheckContext, instance: Instance) -> str:
    try:
        found = context.cloud.describe_instance(instance.instance_id)
    except CloudError as error:
        context.report.problem(f"whether the instance was started again is not known: {error}")
        return "" if instance.state in ON else "EC2 does not tell whether it was started again"
    if found.launched_at not in {None, instance.launched_at}:
        return "it was started again"
    if instance.state in ON and found.state not in ON:
        return f"it is {found.state}"
    held_until = Memory.of(found, context.clock.now()).hold.until
    return f"it is on hold until {format_time(held_until)}" if held_until else ""


def is_ended_by_another(context: CheckContext, instance: Instance, memory: Memory) -> bool:
    """Whether an ending is another's, to measure and tell: of a check that recorded it since, or of Pulumi."""
    if memory.released_at:
        return True
    try:
        found = with_retries(
            context.clock, lambda: context.cloud.describe_instance(instance.instance_id), context.remaining_seconds
        )
    except CloudError as error:
        context.report.problem(f"whether another check recorded the ending is not known: {error}")
        return False
    recorded = Memory.of(found, context.clock.now())
    return recorded.ended_as is not None and recorded.ended_at != memory.ended_at
