"""Telling the topic what became of a run: what was done, and the state after it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import with_retries
from monitor_runtime.act.recording import record_tags
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.times import format_time


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell. ``done``: what the monitor did, in words; ``state``: the instance's state after it."""

    outcome: Outcome
    reason: str
    done: str
    state: InstanceState
    unmet: Sequence[str] = ()


def notify(context: CheckContext, instance: Instance, news: News) -> bool:
    """Publish, then remember it: a message twice is better than none. Whether the topic took it."""
    message = {
        "outcome": news.outcome,
        "reason": news.reason,
        "done": news.done,
        "instance_id": instance.instance_id,
        "instance_state": news.state,
        "launched_at": format_time(instance.launched_at) if instance.launched_at else None,
        "unmet": list(news.unmet),
    }
    send = partial(publish, context, news.outcome, message)
    try:
        with_retries(context.clock, send, context.remaining_seconds)
    except CloudError as error:
        context.report.problem(f"notification not sent: {error}")
        return False
    record_tags(context, instance, {names.TAG_NOTIFIED: format_time(context.clock.now())})
    return True


def publish(context: CheckContext, status: str, message: Mapping[str, object]) -> None:
    """Publish a message about the run, without retries. ``status``: what the subject says of it.

    Raises:
        CloudError: when SNS does not take it.
    """
    settings = context.settings
    whole = {
        **message,
        "run": settings.run,
        "notified_at": format_time(context.clock.now()),
        "output_uri": settings.output_uri,
    }
    context.cloud.publish(f"Training run {settings.run}: {status}", json.dumps(whole, indent=2, sort_keys=True))
