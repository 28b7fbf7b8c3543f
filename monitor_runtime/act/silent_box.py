"""What becomes of the box's report, once a launch: it is remembered, or it is told that there is none."""

from __future__ import annotations

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.notification import publish
from monitor_runtime.act.recording import record_tags, remember
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import BoxNews, box_value
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.observation import Observation, SignOfLife
from monitor_runtime.decide.sign_of_life import silence

STATUS = "no sign of life"


def tell_silence(context: CheckContext, instance: Instance, seen: Observation) -> None:
    """Tell of a box that is silent, and look no more; told again by the next check where the topic did not take it."""
    if not isinstance(seen.sign_of_life, SignOfLife):
        return
    problem = silence(context.settings, seen)
    if problem is None:
        remember(context, instance, {names.TAG_BOX: box_value(context.clock.now(), BoxNews.REPORTED)})
        return
    if seen.memory.box is BoxNews.TOLD:
        return
    context.report.problem(problem)
    if context.notifies and not _published(context, instance, problem):
        return
    record_tags(context, instance, {names.TAG_BOX: box_value(context.clock.now(), BoxNews.TOLD)})


def _published(context: CheckContext, instance: Instance, problem: str) -> bool:
    message = {
        "status": STATUS,
        "problems": [problem],
        "instance_ids": [instance.instance_id],
        "launched_at": format_time(instance.launched_at) if instance.launched_at else None,
    }
    try:
        publish(context, STATUS, message)
    except CloudError as error:
        context.report.problem(f"notification not sent: {error}")
        return False
    return True
