"""One look at the world: only the sources on which the decision can hang, each known or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from monitor_runtime import tags
from monitor_runtime.cloud import Cloud, CloudError, ErrorKind
from monitor_runtime.completion import Completion, checkpoint_keys, find_marker, find_outputs
from monitor_runtime.idle import idle_window
from monitor_runtime.listing import find_objects
from monitor_runtime.markers import MAX_BODY_BYTES, parse_body
from monitor_runtime.settings import Settings
from monitor_runtime.world import (
    Instance,
    InstanceState,
    MarkerBody,
    Observation,
    Outcome,
    StoredObject,
    Unknown,
    Upload,
)

Value = TypeVar("Value")

_TRAINING = {InstanceState.PENDING, InstanceState.RUNNING}
_ENDED = {InstanceState.STOPPED, InstanceState.TERMINATED}


def ask(source: Callable[[], Value]) -> Value | Unknown:
    """What a source answers, or `Unknown` with the cause when it does not."""
    try:
        return source()
    except CloudError as error:
        return Unknown(str(error), permanent=error.kind is ErrorKind.REFUSED)


def observe(
    cloud: Cloud,
    settings: Settings,
    now: datetime,
    *,
    instance: Instance | None = None,
    interruption_warned: bool = False,
) -> Observation:
    """Look at the instance, then at S3 as far as it matters.

    A check of a run in training costs one DescribeInstances and one ListObjectsV2; an ended and recorded run costs
    the DescribeInstances alone. ``instance``: as an event's look-up described it a moment ago.
    """
    found = instance or ask(lambda: cloud.describe_instance(settings.instance_ids[0]))
    seen = Observation(found, interruption_warned=interruption_warned)
    if isinstance(found, Unknown) or found.launched_at is None or not _objects_matter(found):
        return seen
    objects = _completing_objects(cloud, settings, found.launched_at)
    seen = replace(seen, objects=objects)
    completion = _completion(settings, objects, found.launched_at) if isinstance(objects, tuple) else None
    if completion is None and found.state in _TRAINING and isinstance(objects, tuple):
        return replace(seen, metric_maxima=_metric(cloud, settings, found, found.launched_at, now))
    if completion is None:
        return seen
    if found.state in _ENDED or interruption_warned:
        return replace(seen, marker_body=_marker_body(cloud, settings, completion))
    if now < completion.since + timedelta(seconds=settings.grace_seconds) or tags.read_hold(found, now).until:
        return seen
    return _completed(cloud, settings, seen, completion)


def _objects_matter(instance: Instance) -> bool:
    return instance.state in _TRAINING or (instance.state in _ENDED and tags.recorded_outcome(instance) is None)


def _completion(
    settings: Settings, objects: tuple[StoredObject, ...], launched_at: datetime, body: MarkerBody | None = None
) -> Completion | None:
    return find_marker(settings, objects, body, launched_at) or find_outputs(settings, objects, launched_at)


def _completing_objects(cloud: Cloud, settings: Settings, launched_at: datetime) -> tuple[StoredObject, ...] | Unknown:
    """Markers first; the folders of expected outputs are read only when there is no marker."""
    at_root = tuple(pattern for pattern in settings.expected_outputs if "/" not in pattern)
    in_folders = tuple(pattern for pattern in settings.expected_outputs if "/" in pattern)
    objects = find_objects(cloud, settings, settings.markers + settings.failure_markers + at_root)
    if isinstance(objects, Unknown) or not in_folders or find_marker(settings, objects, None, launched_at):
        return objects
    outputs = find_objects(cloud, settings, in_folders)
    return outputs if isinstance(outputs, Unknown) else objects + outputs


def _completed(cloud: Cloud, settings: Settings, seen: Observation, completion: Completion) -> Observation:
    """Grace is over: read the marker, and for a success what verification needs."""
    body = _marker_body(cloud, settings, completion)
    told = (body.outcome if isinstance(body, MarkerBody) else None) or completion.outcome
    if told is not Outcome.SUCCEEDED:
        return replace(seen, marker_body=body)
    patterns = checkpoint_keys(settings, body if isinstance(body, MarkerBody) else None)
    return replace(
        seen,
        marker_body=body,
        uploads=ask(lambda: _uploads(cloud, settings)),
        checkpoints=find_objects(cloud, settings, patterns) if patterns else (),
    )


def _marker_body(cloud: Cloud, settings: Settings, completion: Completion) -> MarkerBody | Unknown:
    key = completion.marker_key
    return ask(lambda: parse_body(cloud.read_object(settings.bucket, key, MAX_BODY_BYTES))) if key else MarkerBody()


def _uploads(cloud: Cloud, settings: Settings) -> tuple[Upload, ...]:
    return tuple(cloud.list_uploads(settings.bucket, settings.prefix))


def _metric(
    cloud: Cloud, settings: Settings, instance: Instance, launched_at: datetime, now: datetime
) -> tuple[float, ...] | Unknown | None:
    window = idle_window(settings.idle, launched_at, now) if settings.idle else None
    if window is None:
        return None
    return ask(lambda: tuple(cloud.metric_maxima(instance.instance_id, window)))
