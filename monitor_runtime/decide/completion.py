"""Which objects tell that a run is complete, since when, and whether what it wrote can be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract import times
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.patterns import matches
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.memory import Memory
from monitor_runtime.decide.observation import ManifestEntry, MarkerBody, Observation, Unknown


@dataclass(frozen=True, slots=True)
class Completion:
    """What says that the run is complete; its grace period runs from ``since``."""

    outcome: Outcome
    since: datetime
    evidence: str
    """For people: ``marker COMPLETE`` or ``expected outputs model.bin, ...``."""
    marker_key: str | None
    """The object whose body may say more; None when outputs complete the run."""
    multipart: bool = False
    """Some of it came as a multipart upload: then ``since`` may lie long before it was there."""


def counted(found: Completion | None, memory: Memory, seen_at: datetime) -> Completion | None:
    """The completion with the moment from which its grace counts.

    That is LastModified; but of a multipart upload, which S3 dates back to its beginning, when it was first noticed.
    ``seen_at``: when S3 had told of it. Not when it was asked: the upload may have been completed in between.
    """
    if found is None or not found.multipart:
        return found
    first_seen_at = memory.first_noticed(found.since) or times.end_of_second(seen_at)
    return replace(found, since=max(found.since, first_seen_at))


def fresh(objects: Iterable[StoredObject], launched_at: datetime) -> tuple[StoredObject, ...]:
    """The objects of this launch. An older object belongs to an earlier run of the same instance."""
    return tuple(entry for entry in objects if entry.modified_at >= launched_at)


def _matching(settings: Settings, pattern: str, objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
    start = len(settings.prefix)
    return tuple(
        entry for entry in objects if entry.key.startswith(settings.prefix) and matches(pattern, entry.key[start:])
    )


def _any_matching(settings: Settings, patterns: Iterable[str], objects: Sequence[StoredObject]) -> list[StoredObject]:
    return [entry for pattern in patterns for entry in _matching(settings, pattern, objects)]


def stale_markers(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> tuple[str, ...]:
    """Keys of markers that an earlier launch left behind."""
    markers = _any_matching(settings, settings.markers + settings.failure_markers, objects)
    return tuple(sorted({entry.key for entry in markers if entry.modified_at < launched_at}))


def find_marker(
    settings: Settings, objects: Sequence[StoredObject], body: MarkerBody | None, launched_at: datetime
) -> Completion | None:
    """The marker that counts: a failure marker wins over a success marker, then the earliest of this launch.

    ``body`` is the body of that marker, once it was read: an outcome in it counts more than the marker's name.
    """
    current = fresh(objects, launched_at)
    for outcome, names in ((Outcome.FAILED, settings.failure_markers), (Outcome.SUCCEEDED, settings.markers)):
        found = sorted(_any_matching(settings, names, current), key=lambda entry: (entry.modified_at, entry.key))
        if found:
            told = (body.outcome if body else None) or outcome
            name = found[0].key[len(settings.prefix) :]
            evidence = _marker_evidence(name, body)
            return Completion(told, found[0].modified_at, evidence, found[0].key, found[0].multipart)
    return None


def find(
    settings: Settings, objects: Sequence[StoredObject], body: MarkerBody | None, launched_at: datetime
) -> Completion | None:
    """What completes the run: a marker, else all expected outputs."""
    return find_marker(settings, objects, body, launched_at) or find_outputs(settings, objects, launched_at)


def _marker_evidence(name: str, body: MarkerBody | None) -> str:
    details: list[str] = []
    if body and body.exit_code is not None:
        details.append(f"exit code {body.exit_code}")
    if body and body.message:
        details.append(body.message)
    return f"marker {name}" + (f" ({', '.join(details)})" if details else "")


def find_outputs(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> Completion | None:
    """Complete when every expected output has a fresh, non-empty object; since the newest of all that match."""
    if not settings.expected_outputs:
        return None
    current = [entry for entry in fresh(objects, launched_at) if entry.size > 0]
    found = [_matching(settings, pattern, current) for pattern in settings.expected_outputs]
    if not all(found):
        return None
    entries = [entry for matching in found for entry in matching]
    newest = max(entry.modified_at for entry in entries)
    multipart = any(entry.multipart for entry in entries)
    names = ", ".join(settings.expected_outputs)
    return Completion(Outcome.SUCCEEDED, newest, f"expected outputs {names}", None, multipart)


def manifest_key(settings: Settings, entry: ManifestEntry) -> str:
    """The whole key of a manifest entry, which may be written whole, relative to the prefix or as an s3:// URI."""
    key = entry.key.removeprefix(f"s3://{settings.bucket}/")
    return key if key.startswith(settings.prefix) else settings.prefix + key


def checkpoint_keys(settings: Settings, body: MarkerBody | None) -> tuple[str, ...]:
    """Patterns, relative to the prefix, of all that verification has to find."""
    manifest = body.manifest if body else ()
    start = len(settings.prefix)
    return settings.checkpoint_patterns + tuple(manifest_key(settings, entry)[start:] for entry in manifest)


def verification_gap(settings: Settings, seen: Observation, launched_at: datetime) -> str | Unknown | None:
    """Why a completed run cannot be relied on yet: a sentence, or the source that does not answer; None if it can."""
    silent = [part for part in (seen.marker_body, seen.checkpoints, seen.uploads) if isinstance(part, Unknown)]
    if silent:
        passing = next((part for part in silent if not part.permanent), None)
        return passing or f"cannot be verified: {silent[0].cause}"
    uploads = seen.uploads if isinstance(seen.uploads, tuple) else ()
    under_way = sorted(upload.key for upload in uploads if upload.initiated_at >= launched_at)
    if under_way:
        return f"upload of {under_way[0]} under way"
    return _checkpoint_gap(settings, seen, launched_at)


def _checkpoint_gap(settings: Settings, seen: Observation, launched_at: datetime) -> str | None:
    objects = fresh(seen.checkpoints, launched_at) if isinstance(seen.checkpoints, tuple) else ()
    for pattern in settings.checkpoint_patterns:
        if not any(entry.size > 0 for entry in _matching(settings, pattern, objects)):
            return f"no checkpoint {pattern}"
    sizes = {entry.key: entry.size for entry in objects}
    body = seen.marker_body
    for entry in body.manifest if isinstance(body, MarkerBody) else ():
        key = manifest_key(settings, entry)
        if key not in sizes:
            return f"{key} of the manifest is missing"
        if entry.size is not None and sizes[key] != entry.size:
            return f"{key} has {sizes[key]} bytes, its manifest says {entry.size}"
    return None
