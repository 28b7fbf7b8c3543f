"""Writing into the tags of an instance what later checks have to know: its outcome, a completion, its progress."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import with_retries
from monitor_runtime.cloud.interface import CloudError, ErrorKind
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import STOP, Memory, Refusable, noticed_value, refused_value, safe_value
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.completion import gone_for
from monitor_runtime.decide.observation import Observation, Progress, Unknown
from monitor_runtime.decide.stalled import progress_value


def outcome_tags(outcome: Outcome, reason: str, at: datetime) -> dict[str, str]:
    """The tags of a launch that ended. ``at`` says which launch that was: no later one had begun by then."""
    return {
        names.TAG_OUTCOME: outcome,
        names.TAG_REASON: safe_value(reason),
        names.TAG_ENDED_AT: format_time(at),
    }


def record_tags(context: CheckContext, instance: Instance, values: dict[str, str], *, retries: bool = True) -> bool:
    """Set tags of the instance; whether that worked. What did not is carried to the next check."""

    def write() -> None:
        context.cloud.tag_instance(instance.instance_id, values)

    try:
        if retries:
            with_retries(context.clock, write, context.remaining_seconds)
        else:
            write()
    except CloudError as error:
        context.report.problem(f"not recorded in tags: {error}")
        context.unrecorded.keep(instance.instance_id, values)
        return False
    context.unrecorded.written(instance.instance_id, values)
    return True


def count_refusal(
    context: CheckContext,
    instance: Instance,
    memory: Memory,
    what: Outcome | Refusable,
    error: CloudError,
    *,
    further: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Only what EC2 refused is counted: what failed otherwise is tried again for as long as it takes."""
    if error.kind is ErrorKind.REFUSED:
        value = refused_value(memory.refusals(what) + 1, context.clock.now(), what)
        record_tags(context, instance, {names.TAG_REFUSED: value, **further})


def notice(context: CheckContext, instance: Instance, seen: Observation, *, goes_on: bool = True) -> None:
    """Remember since when a completion is there, and measure how late it was seen, once. Say when it is gone.

    ``goes_on``: whether the instance does, so that there is something to remember.
    """
    found, noticed = seen.completion, seen.memory.noticed
    if found is None:
        if goes_on and noticed not in {"", STOP} and not isinstance(seen.objects, Unknown | None):
            context.report.problem(f"{noticed} is gone again: the run goes on, its grace period has ended")
            _note(context, instance, "")
        return
    if gone_for(noticed, found):
        context.report.problem(f"{noticed} is gone again: {found.evidence} completes the run")
    if seen.objects_at is None or seen.memory.noticed in {found.recognized_by, STOP}:
        return
    if goes_on:
        _note(context, instance, noticed_value(found.recognized_by, found.since))
    if not found.multipart:
        context.report.metrics[Metric.DETECTION_LATENCY] = max(
            0.0, (seen.objects_at - found.modified_at).total_seconds()
        )


def note_first_seen(context: CheckContext, instance: Instance, what: str, at: datetime) -> None:
    """Remember since when something is so of which AWS says no time; by the second, like LaunchTime."""
    _note(context, instance, noticed_value(what, at.replace(microsecond=0)))


def _note(context: CheckContext, instance: Instance, noticed: str) -> None:
    """Without retries: the next check can do it."""
    record_tags(context, instance, {names.TAG_NOTICED: noticed}, retries=False)


def remember_progress(context: CheckContext, instance: Instance, seen: Observation) -> None:
    """Remember when large objects were first seen. While that cannot be written, each look is the first: no stall."""
    found = seen.progress
    if not isinstance(found, Progress) or not found.large or found.large == seen.memory.progress:
        return
    remember(context, instance, {names.TAG_PROGRESS: progress_value(found)})


def remember(context: CheckContext, instance: Instance, values: dict[str, str]) -> None:
    """Set tags of which nothing is carried to the next check: it finds out again what could not be written."""
    try:
        context.cloud.tag_instance(instance.instance_id, values)
    except CloudError as error:
        context.report.problem(f"not recorded in tags: {error}")
