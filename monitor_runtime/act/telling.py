"""What the topic is told at the end of ``pulumi up``: that a launch is watched and how it will end, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.notification import publish
from monitor_runtime.act.recording import record_tags
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time

_DONE = {Action.STOP: "stopped", Action.TERMINATE: "terminated", Action.REPORT: "reported, nothing changed"}


def tell_watched(context: CheckContext, instances: Sequence[Instance]) -> Iterator[str]:
    """Say once for each launch that it is watched; why that cannot be said, if it cannot."""
    now = context.clock.now()
    untold = [each for each in instances if each.state in ON and not Memory.of(each, now).watched]
    if not context.notifies or not untold:
        return
    obstacles = list(_publish(context, "watched", {"plan": _plan(context.settings, untold), **_of(untold)}))
    yield from obstacles
    if not obstacles:
        for instance in untold:
            record_tags(context, instance, {names.TAG_WATCHED: format_time(now)})


def tell_unwatched(context: CheckContext, obstacles: Sequence[str]) -> Iterator[str]:
    """Say that ``pulumi up`` failed while an instance may be running; why that cannot be said, if it cannot."""
    if context.notifies:
        yield from _publish(context, "not watched", {"problems": list(obstacles)})


def _publish(context: CheckContext, status: str, further: dict[str, Any]) -> Iterator[str]:
    try:
        publish(context, status, {"status": status, **further})
    except CloudError as error:
        yield (
            f"nobody would be told of its end ({error}): check that the topic exists and that its policy lets the"
            " monitor's role publish; if it is encrypted with a key of your own, set notify_key_arn"
        )


def _of(instances: Sequence[Instance]) -> dict[str, Any]:
    return {"instance_ids": [each.instance_id for each in instances]}


def _plan(settings: Settings, instances: Sequence[Instance]) -> list[str]:
    """What ends the run and how, when that is at the latest, and where its outputs are: a line each."""
    return [_endings(settings), _deadline(settings, instances), f"outputs: {settings.output_uri}"]


def _endings(settings: Settings) -> str:
    grace = f"{settings.grace_seconds} s after"
    ways = [f"{grace} {' or '.join(settings.markers)}"] if settings.markers else []
    if settings.expected_outputs:
        ways.append(f"{grace} the newest of {', '.join(settings.expected_outputs)}")
    failed = [f"{grace} {' or '.join(settings.failure_markers)}"] if settings.failure_markers else []
    if settings.idle:
        failed.append(f"when {settings.idle.metric} stays {settings.idle.condition}")
    if settings.stalled:
        stalled = settings.stalled
        failed.append(f"when nothing new matches {' or '.join(stalled.patterns)} for {stalled.minutes} minutes")
    done = _DONE[settings.on_complete]
    if settings.terminate_after_days:
        done += f", terminated {settings.terminate_after_days} d later"
    words = f"succeeded: {done}, {', or '.join(ways)}"
    return f"{words}; failed: {_DONE[settings.on_failure]}, {', or '.join(failed)}" if failed else words


def _deadline(settings: Settings, instances: Sequence[Instance]) -> str:
    launches = [each.launched_at for each in instances if each.launched_at]
    due = deadline(settings, max(launches)) if launches else None
    if due is None:
        return "deadline: none"
    hours = f"{settings.max_runtime_hours:g} h after the launch"
    return f"deadline: {_DONE[settings.on_deadline]}, {hours}, at {format_time(due)}"
