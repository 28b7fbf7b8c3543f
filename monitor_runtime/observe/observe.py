"""One look at AWS: only the sources that the decision can depend on, each known or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import ON, Instance, InstanceState, StoredObject
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.completion import Completion, MarkerBody, find, find_marker, stale_markers
from monitor_runtime.decide.idle import idle_window
from monitor_runtime.decide.memory import Memory
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.decide.verification import checkpoint_keys
from monitor_runtime.observe.listing import find_objects
from monitor_runtime.observe.marker_body import MAX_BODY_BYTES, parse_body
from monitor_runtime.observe.uploads import find_uploads

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
    """The instances of a run, by their tags: one DescribeInstances, whatever became of them.

    In the order of their launches, those that cost money last: what is said last of a run is of these.
    """
    found = ask(lambda: cloud.find_instances(names.run_tags(settings.monitor, settings.run), ended=True))
    if isinstance(found, Unknown):
        return found
    return tuple(sorted(found, key=lambda each: (each.state in ON, each.launched_at or _NEVER)))


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

    A check of a run in training costs one DescribeInstances and one ListObjectsV2; an ended and recorded run, and one
    past its deadline, cost the DescribeInstances alone.

    A look takes time, and each end of it is used on the safe side. What is due must be due at ``now``, its beginning:
    later changes may have been missed. What was seen was there when AWS had answered, and perhaps not before.
    """
    memory, launched_at = Memory.of(instance, now), instance.launched_at
    seen = Observation(instance, memory, interruption_warned=interruption_warned)
    if launched_at is None or not _objects_matter(settings, seen, now):
        return seen
    objects = _completing_objects(cloud, settings, launched_at)
    objects_at = clock.now()
    if isinstance(objects, Unknown):
        return replace(seen, objects=objects, objects_at=objects_at)
    completion = find(settings, objects, launched_at, memory, objects_at)
    stale = stale_markers(settings, objects, launched_at)
    seen = replace(seen, objects=objects, objects_at=objects_at, stale_markers=stale, completion=completion)
    can_wait = instance.state in ON and not interruption_warned
    if completion is None and can_wait and not memory.hold.until:
        return replace(seen, metric_maxima=_metric(cloud, settings, instance, launched_at, objects_at))
    if completion is None or (can_wait and not _matters_now(settings, memory, completion, now)):
        return seen
    return _completed(cloud, settings, seen, completion, launched_at)


def _objects_matter(settings: Settings, seen: Observation, now: datetime) -> bool:
    instance, memory = seen.instance, seen.memory
    if instance.state not in ON:
        return instance.state in _ENDED and memory.outcome is None and memory.released_at is None
    due = deadline(settings, instance.launched_at) if instance.launched_at else None
    past_deadline = due is not None and now >= due and settings.on_deadline is not Action.REPORT
    return not past_deadline or seen.interruption_warned or memory.hold.until is not None


def _matters_now(settings: Settings, memory: Memory, completion: Completion, now: datetime) -> bool:
    """Whether something can follow from a completion: grace is over, no hold is in force, it was not reported yet."""
    only_reported = settings.on_complete is settings.on_failure is Action.REPORT
    was_reported = only_reported and memory.outcome is not None
    return now >= completion.grace_over(settings) and not was_reported and memory.hold.until is None


def _completing_objects(cloud: Cloud, settings: Settings, launched_at: datetime) -> tuple[StoredObject, ...] | Unknown:
    """Markers first: where there is one, outputs that cannot be seen, or are in folders, do not matter."""
    markers = settings.markers + settings.failure_markers
    at_root = tuple(pattern for pattern in settings.expected_outputs if "/" not in pattern)
    in_folders = tuple(pattern for pattern in settings.expected_outputs if "/" in pattern)
    objects = find_objects(cloud, settings, markers + at_root)
    if isinstance(objects, Unknown) and objects.permanent and at_root and markers:
        alone = find_objects(cloud, settings, markers)
        seen = isinstance(alone, tuple) and find_marker(settings, alone, launched_at)
        return alone if seen else objects
    if isinstance(objects, Unknown) or not in_folders or find_marker(settings, objects, launched_at):
        return objects
    outputs = find_objects(cloud, settings, in_folders)
    return outputs if isinstance(outputs, Unknown) else objects + outputs


def _completed(
    cloud: Cloud, settings: Settings, seen: Observation, completion: Completion, launched_at: datetime
) -> Observation:
    """Nothing is waited for any more: read the marker, and for a success what verification needs."""
    body = _marker_body(cloud, settings, completion)
    completion = completion.with_body(body) if isinstance(body, MarkerBody) else completion
    seen = replace(seen, completion=completion, marker_body=body)
    if completion.outcome is not Outcome.SUCCEEDED:
        return seen
    patterns = checkpoint_keys(settings, body if isinstance(body, MarkerBody) else None)
    return replace(
        seen,
        uploads=find_uploads(cloud, settings, launched_at),
        checkpoints=find_objects(cloud, settings, patterns) if patterns else (),
    )


def _marker_body(cloud: Cloud, settings: Settings, completion: Completion) -> MarkerBody | Unknown:
    key = completion.marker_key
    return ask(lambda: parse_body(cloud.read_object(settings.bucket, key, MAX_BODY_BYTES))) if key else MarkerBody()


def _metric(
    cloud: Cloud, settings: Settings, instance: Instance, launched_at: datetime, now: datetime
) -> tuple[float, ...] | Unknown | None:
    window = idle_window(settings.idle, launched_at, now) if settings.idle else None
    if window is None:
        return None
    return ask(lambda: tuple(cloud.metric_maxima(instance.instance_id, window)))
