"""Whether a run has stalled: what it writes while it makes progress, and for how long it has not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor_runtime.cloud.values import StoredObject, Upload
from monitor_runtime.contract import times
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.settings import Settings, Stalled
from monitor_runtime.decide.completion import fresh, matching
from monitor_runtime.decide.multipart import multipart_digest
from monitor_runtime.decide.observation import Progress, Unknown


def signs_of_progress(
    settings: Settings, stalled: Stalled, objects: Sequence[StoredObject], launched_at: datetime
) -> tuple[StoredObject, ...]:
    """The objects of this launch that match one of the patterns."""
    current = fresh(objects, launched_at)
    return tuple(entry for pattern in stalled.patterns for entry in matching(settings, pattern, current))


def progress_since(stalled: Stalled, since: datetime) -> Progress:
    """Nothing has come since then."""
    return Progress(since, since + timedelta(minutes=stalled.minutes))


def least_progress(stalled: Stalled, signs: Sequence[StoredObject]) -> Progress | None:
    """What some of the signs prove; None when that is nothing, or hangs on when large objects were first seen."""
    if not signs or any(entry.multipart for entry in signs):
        return None
    return progress_since(stalled, max(entry.modified_at for entry in signs))


def progress(
    stalled: Stalled, signs: Sequence[StoredObject], launched_at: datetime, memory: Memory, seen_at: datetime
) -> Progress:
    """Since the launch, or the newest of all signs that there are. ``seen_at``: when S3 had answered.

    S3 dates a multipart upload back to when it began: it counts from when it was first seen. Which of them are new, a
    digest of all of them tells.
    """
    newest = max((entry.modified_at for entry in signs), default=launched_at)
    large = multipart_digest(signs)
    if not large:
        return progress_since(stalled, newest)
    known_since = memory.progress_at if memory.progress == large else None
    seen_since = known_since or times.end_of_second(seen_at)
    found = progress_since(stalled, max(newest, seen_since))
    return Progress(found.since, found.stalled_at, large=large, large_seen_at=seen_since)


def is_sign_of_progress(
    settings: Settings, stalled: Stalled, upload: Upload, objects: Sequence[StoredObject], launched_at: datetime
) -> bool:
    """Whether an upload under way is of this launch and of such a name, and no newer object has taken its place."""
    replaced = any(entry.key == upload.key and entry.modified_at > upload.initiated_at for entry in objects)
    to_be = StoredObject(upload.key, 0, upload.initiated_at)
    return not replaced and bool(signs_of_progress(settings, stalled, [to_be], launched_at))


def stall_reason(stalled: Stalled | None, found: Progress | Unknown | None, now: datetime) -> str | None:
    """Why the run has stalled, for people; None while it has not: what is unknown, or being uploaded, is progress."""
    if stalled is None or not isinstance(found, Progress) or now < found.stalled_at or found.uploading:
        return None
    since, patterns = times.format_time(found.since), ", ".join(stalled.patterns)
    return f"no new object has matched {patterns} since {since}, for {stalled.minutes} minutes"


def stalls_at(found: Progress | Unknown | None) -> datetime | None:
    """When the run will have stalled, unless it writes something until then; None where that is not known."""
    return found.stalled_at if isinstance(found, Progress) else None


def progress_value(found: Progress) -> str:
    """The tag's value for large objects that were seen for the first time."""
    return f"{found.large} {times.format_time(found.large_seen_at or found.since)}"
