"""One look at AWS: only the sources that the decision can depend on, each known or unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import ON, Instance, InstanceState, StoredObject
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.audit import may_be_lost_of
from monitor_runtime.decide.completion import (
    FAILURE_MARKER,
    Completion,
    MarkerBody,
    find,
    find_marker,
    stale_markers,
    unmet,
)
from monitor_runtime.decide.idle import metric_window
from monitor_runtime.decide.observation import MetricMaxima, Observation, Unknown
from monitor_runtime.decide.sign_of_life import sign_is_due
from monitor_runtime.decide.verification import checkpoint_keys
from monitor_runtime.observe.listing import find_objects
from monitor_runtime.observe.markers import read_markers
from monitor_runtime.observe.progress import find_progress
from monitor_runtime.observe.sign_of_life import find_sign_of_life
from monitor_runtime.observe.uploads import UNSEEN_MAY_MOVE_FOR, find_uploads

Value = TypeVar("Value")

_ENDED = {InstanceState.STOPPED, InstanceState.TERMINATED}
_NEVER = datetime.min.replace(tzinfo=UTC)


def ask(source: Callable[[], Value]) -> Value | Unknown:
    """What a source answers, or `Unknown` with the cause when it does not."""
    try:
        return source()
    except CloudError as error:
        return Unknown.of(error)


def find_run(cloud: Cloud, settings: Settings) -> tuple[Instance, ...] | Unknown:
    """The instances of a run, by the tag of the run: one DescribeInstances, whatever became of them.

    Also those that have lost the monitor's tag, and with it the monitor's right to end them. In the order of their
    launches, those that cost money last: what is said last of a run is of these.
    """
    found = ask(lambda: cloud.find_instances({names.TAG_RUN: settings.run}, ended=True))
    if isinstance(found, Unknown):
        return found
    own = (
        each for each in found if each.tags.get(names.TAG_MONITOR) == settings.monitor or may_be_lost_of(settings, each)
    )
    return tuple(sorted(own, key=lambda each: (each.state in ON, each.launched_at or _NEVER)))


def observe(
    cloud: Cloud,
    settings: Settings,
    instance: Instance,
    now: datetime,
    clock: Clock,
    *,
    interruption_warned: bool = False,
) -> Observation:
    """Look at what an instance, as just described, remembers, then at S3 as far as it matters.

    A check of a run in training costs one DescribeInstances and one ListObjectsV2; an ended and recorded run costs the
    DescribeInstances alone.

    A look takes time, and each end of it is used on the safe side. What is due must be due at ``now``, its beginning:
    later changes may have been missed. What was seen was there when AWS had answered, and perhaps not before.
    """
    memory, launched_at = Memory.of(instance, now), instance.launched_at
    seen = Observation(instance, memory, interruption_warned=interruption_warned)
    if launched_at is None or not _objects_matter(seen):
        return seen
    can_wait = instance.state in ON and not interruption_warned

    def matters(completion: Completion | None) -> bool:
        return completion is not None and (not can_wait or _matters_now(settings, memory, completion, launched_at, now))

    def matter(found: Sequence[StoredObject]) -> bool:
        return memory.noticed == FAILURE_MARKER or matters(find(settings, found, launched_at, memory, clock.now()))

    seen = _with_objects(seen, settings, launched_at, _completing_objects(cloud, settings, launched_at, matter), clock)
    if seen.completion and matters(seen.completion):
        return _completed(cloud, settings, seen, seen.completion, launched_at)
    if seen.completion or isinstance(seen.objects, Unknown) or not can_wait:
        return seen
    return _at_work(cloud, settings, seen, launched_at, now=now, clock=clock)


def _with_objects(
    seen: Observation,
    settings: Settings,
    launched_at: datetime,
    objects: tuple[StoredObject, ...] | Unknown,
    clock: Clock,
) -> Observation:
    """With what S3 has just answered, and what that says."""
    answered_at = clock.now()
    seen = replace(seen, objects=objects, objects_at=answered_at)
    if isinstance(objects, Unknown):
        return seen
    completion = find(settings, objects, launched_at, seen.memory, answered_at)
    return replace(
        seen,
        stale_markers=stale_markers(settings, objects, launched_at),
        completion=completion,
        unmet=unmet(settings, objects, launched_at) if completion is None else (),
    )


def _objects_matter(seen: Observation) -> bool:
    """Not those of an ended run once that is recorded, and was not before it ended."""
    instance, memory = seen.instance, seen.memory
    unsettled = memory.ended_as is None or memory.is_provisional
    return instance.state in ON or (instance.state in _ENDED and unsettled and memory.released_at is None)


def _matters_now(
    settings: Settings, memory: Memory, completion: Completion, launched_at: datetime, now: datetime
) -> bool:
    """Whether something can follow from a completion: grace or all time is over, no hold, it was not reported yet."""
    only_reported = settings.on_complete is settings.on_failure is Action.REPORT
    was_reported = only_reported and completion.outcome in memory.reported
    due = deadline(settings, launched_at)
    is_due = now >= completion.grace_over(settings) or (due is not None and now >= due)
    return is_due and not was_reported and memory.hold.until is None


def _completing_objects(
    cloud: Cloud, settings: Settings, launched_at: datetime, matters: Callable[[Sequence[StoredObject]], bool]
) -> tuple[StoredObject, ...] | Unknown:
    """Markers first: where there is one, outputs that cannot be seen, or are in folders, do not matter.

    Another one that may lie behind it on a later page, and tell of a failure, is looked for only if what was found
    ``matters`` by now, or a failure marker was seen before.
    """
    markers = settings.markers + settings.failure_markers

    def undecided(found: Sequence[StoredObject]) -> Sequence[str]:
        marker = find_marker(settings, found, launched_at)
        if marker is None:
            return settings.expected_outputs + markers
        return markers if marker.outcome is Outcome.SUCCEEDED and matters(found) else ()

    at_root = tuple(pattern for pattern in settings.expected_outputs if "/" not in pattern)
    in_folders = tuple(pattern for pattern in settings.expected_outputs if "/" in pattern)
    objects = find_objects(cloud, settings, markers + at_root, undecided)
    if isinstance(objects, Unknown) and objects.permanent and at_root and markers:
        alone = find_objects(cloud, settings, markers, undecided)
        seen = isinstance(alone, tuple) and find_marker(settings, alone, launched_at)
        return alone if seen else objects
    if isinstance(objects, Unknown) or not in_folders or find_marker(settings, objects, launched_at):
        return objects
    outputs = find_objects(cloud, settings, in_folders)
    return outputs if isinstance(outputs, Unknown) else objects + outputs


def _completed(
    cloud: Cloud, settings: Settings, seen: Observation, completion: Completion, launched_at: datetime
) -> Observation:
    """Nothing is waited for any more: read the markers, and for a success what verification needs.

    Of one that cannot be read any more, the failure that it told of before is recorded.
    """
    body = read_markers(cloud, settings, completion.marker_keys)
    if isinstance(body, MarkerBody):
        completion = completion.with_body(body, share_last_words=settings.share_last_words)
    elif seen.memory.outcome is Outcome.FAILED:
        completion = replace(completion, outcome=Outcome.FAILED)
    seen = replace(seen, completion=completion, marker_body=body)
    if completion.outcome is not Outcome.SUCCEEDED:
        return seen
    patterns = checkpoint_keys(settings, body if isinstance(body, MarkerBody) else None)
    completed_at = _complete_by(seen, completion)
    return replace(
        seen,
        uploads=find_uploads(cloud, settings, launched_at, completed_at, may_move=_may_move(seen, completed_at)),
        checkpoints=find_objects(cloud, settings, patterns) if patterns else (),
    )


def _complete_by(seen: Observation, completion: Completion) -> datetime:
    """When the run was complete; one that was first seen after its instance had ended was so by then."""
    if seen.instance.state in ON:
        return completion.since
    return min(completion.since, seen.instance.state_changed_at or completion.modified_at)


def _may_move(seen: Observation, completed_at: datetime) -> bool:
    """Whether an upload that was not looked into may still be on its way."""
    in_time = seen.objects_at is not None and seen.objects_at < completed_at + UNSEEN_MAY_MOVE_FOR
    return seen.instance.state in ON and in_time


def _at_work(
    cloud: Cloud, settings: Settings, seen: Observation, launched_at: datetime, *, now: datetime, clock: Clock
) -> Observation:
    """Nothing says that the run is complete: whether its training has begun, and does anything."""
    if sign_is_due(settings, seen, now):
        seen = replace(seen, sign_of_life=find_sign_of_life(cloud, settings))
    if seen.memory.hold.until:
        return seen
    return replace(
        seen,
        progress=find_progress(cloud, settings, seen, now, clock),
        metric_maxima=_metric(cloud, settings, seen.instance, launched_at, seen.objects_at or now),
    )


def _metric(
    cloud: Cloud, settings: Settings, instance: Instance, launched_at: datetime, now: datetime
) -> MetricMaxima | Unknown | None:
    window = metric_window(settings.idle, launched_at, now) if settings.idle else None
    if window is None:
        return None
    return ask(lambda: MetricMaxima(window, cloud.metric_maxima(instance.instance_id, window)))
