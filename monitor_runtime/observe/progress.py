"""Looking for what a run writes while it makes progress, no further than is needed to see that it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud
from monitor_runtime.cloud.values import StoredObject, Upload
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.settings import Settings, Stalled
from monitor_runtime.decide.observation import Observation, Progress, Unknown
from monitor_runtime.decide.stalled import (
    is_sign_of_progress,
    least_progress,
    progress,
    progress_since,
    signs_of_progress,
)
from monitor_runtime.observe.listing import find_objects
from monitor_runtime.observe.uploads import search_uploads


def find_progress(
    cloud: Cloud, settings: Settings, seen: Observation, now: datetime, clock: Clock
) -> Progress | Unknown | None:
    """When the run last made progress; None when nobody asked. ``now``: when the look began.

    What was listed for markers and outputs may prove it; else the patterns are listed, and if these do not either,
    uploads under way are looked for.
    """
    stalled, launched_at = settings.stalled, seen.instance.launched_at
    if stalled is None or launched_at is None or not isinstance(seen.objects, tuple):
        return None
    if now < launched_at + timedelta(minutes=stalled.minutes):
        return progress_since(stalled, launched_at)
    least = least_progress(stalled, signs_of_progress(settings, stalled, seen.objects, launched_at))
    if least and now < least.stalled_at:
        return least
    return _looked_for(cloud, settings, stalled, launched_at, memory=seen.memory, now=now, clock=clock)


def _looked_for(
    cloud: Cloud,
    settings: Settings,
    stalled: Stalled,
    launched_at: datetime,
    *,
    memory: Memory,
    now: datetime,
    clock: Clock,
) -> Progress | Unknown:
    signs = _signs(cloud, settings, stalled, launched_at)
    if isinstance(signs, Unknown):
        return signs
    found = progress(stalled, signs, launched_at, memory, clock.now())
    if now < found.stalled_at:
        return found
    uploading = _uploading(cloud, settings, stalled, signs, launched_at)
    if uploading:
        return uploading if isinstance(uploading, Unknown) else replace(found, uploading=uploading)
    # An upload that was completed between the two lists was in neither.
    later = _signs(cloud, settings, stalled, launched_at)
    return later if isinstance(later, Unknown) else progress(stalled, later, launched_at, memory, clock.now())


def _signs(
    cloud: Cloud, settings: Settings, stalled: Stalled, launched_at: datetime
) -> tuple[StoredObject, ...] | Unknown:
    objects = find_objects(cloud, settings, stalled.patterns)
    return objects if isinstance(objects, Unknown) else signs_of_progress(settings, stalled, objects, launched_at)


def _uploading(
    cloud: Cloud, settings: Settings, stalled: Stalled, signs: Sequence[StoredObject], launched_at: datetime
) -> str | Unknown:
    """The key of an upload that is progress, or nothing."""

    def signs_among(uploads: Sequence[Upload]) -> tuple[Upload, ...]:
        return tuple(each for each in uploads if is_sign_of_progress(settings, stalled, each, signs, launched_at))

    found = search_uploads(cloud, settings, signs_among)
    if isinstance(found, Unknown):
        return found
    return found[0].key if found else ""
