"""Whether what a completed run wrote can be relied on: all there, of this launch, and no upload under way."""

from __future__ import annotations

from datetime import datetime

from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.completion import ManifestEntry, MarkerBody
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.decide.unmet import fresh, missing


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
    if isinstance(seen.marker_body, MarkerBody) and seen.marker_body.not_understood:
        return f"its body is not understood: {seen.marker_body.not_understood}"
    if isinstance(seen.uploads, tuple) and seen.uploads:
        return f"upload of {min(upload.key for upload in seen.uploads)} under way"
    return _checkpoint_gap(settings, seen, launched_at)


def last_movement(seen: Observation) -> datetime | None:
    """When an upload that is under way was last heard of."""
    uploads = seen.uploads if isinstance(seen.uploads, tuple) else ()
    return max((upload.last_movement for upload in uploads), default=None)


def _checkpoint_gap(settings: Settings, seen: Observation, launched_at: datetime) -> str | None:
    found = seen.checkpoints if isinstance(seen.checkpoints, tuple) else ()
    for pattern in settings.checkpoint_patterns:
        if gap := missing(settings, pattern, found, launched_at):
            return f"checkpoint {gap}"
    sizes = {entry.key: entry.size for entry in fresh(found, launched_at)}
    older = {entry.key for entry in found} - set(sizes)
    body = seen.marker_body
    for entry in body.manifest if isinstance(body, MarkerBody) else ():
        key = manifest_key(settings, entry)
        if key not in sizes:
            return f"{key} of the manifest is {'older than this launch' if key in older else 'missing'}"
        if entry.size is None and not sizes[key]:
            return f"{key} of the manifest is empty"
        if entry.size is not None and sizes[key] != entry.size:
            return f"{key} has {sizes[key]} bytes, its manifest says {entry.size}"
    return None
