"""Recording the outcome in tags, and notifying the topic."""

from __future__ import annotations

import json

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import persist
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.memory import noticed_value, safe_value
from monitor_runtime.decide.observation import Observation


def record_and_notify(
    context: CheckContext, instance: Instance, outcome: Outcome, reason: str, further: dict[str, str]
) -> None:
    """Write the outcome into the tags, and notify the topic if that worked: what is not recorded is found again."""
    context.report.outcome, context.report.reason = outcome, reason
    values = outcome_tags(context, outcome, reason)
    if record_tags(context, instance, {**values, **further}) and context.notifies:
        notify(context, instance, outcome, reason)


def outcome_tags(context: CheckContext, outcome: Outcome, reason: str) -> dict[str, str]:
    """The tags of a launch that ended now."""
    return {
        names.TAG_OUTCOME: outcome,
        names.TAG_REASON: safe_value(reason),
        names.TAG_ENDED_AT: format_time(context.clock.now()),
    }


def record_tags(context: CheckContext, instance: Instance, values: dict[str, str]) -> bool:
    """Set tags of the instance, with retries; whether that worked."""
    try:
        persist(
            context.clock,
            lambda: context.cloud.tag_instance(instance.instance_id, values),
            context.remaining_seconds,
        )
    except CloudError as error:
        context.report.problem(f"not recorded in tags: {error}")
        return False
    return True


def notify(context: CheckContext, instance: Instance, outcome: Outcome, reason: str) -> None:
    """Publish, then remember it: a message twice is better than none."""
    settings = context.settings
    message = {
        "run": settings.run,
        "outcome": outcome,
        "reason": reason,
        "instance_id": instance.instance_id,
        "instance_state": instance.state,
        "launched_at": format_time(instance.launched_at) if instance.launched_at else None,
        "notified_at": format_time(context.clock.now()),
        "output_uri": f"s3://{settings.bucket}/{settings.prefix}",
    }
    text = json.dumps(message, indent=2, sort_keys=True)
    try:
        persist(
            context.clock,
            lambda: context.cloud.publish(f"Training run {settings.run}: {outcome}", text),
            context.remaining_seconds,
        )
    except CloudError as error:
        context.report.problem(f"notification not sent: {error}")
        return
    record_tags(context, instance, {names.TAG_NOTIFIED: format_time(context.clock.now())})


def notice(context: CheckContext, instance: Instance, seen: Observation) -> None:
    """Remember when a completion was first seen, and measure how late that was, once."""
    found = seen.completion
    if found is None or seen.objects_at is None or seen.memory.first_noticed(found.modified_at):
        return
    try:
        value = noticed_value(found.modified_at, seen.objects_at)
        context.cloud.tag_instance(instance.instance_id, {names.TAG_NOTICED: value})
    except CloudError as error:
        context.report.problem(f"not recorded in tags: {error}")
    if not found.multipart:
        context.report.metrics[Metric.DETECTION_LATENCY] = max(
            0.0, (seen.objects_at - found.modified_at).total_seconds()
        )
