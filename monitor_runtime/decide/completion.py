"""Which objects say that a run is complete, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract import times
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.patterns import matches
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.wording import few
from monitor_runtime.decide.memory import Memory


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A file that the marker's body says was written: its key and, if given, its size in bytes."""

    key: str
    size: int | None


@dataclass(frozen=True, slots=True)
class MarkerBody:
    """What a marker's JSON body says; empty when the body is anything else."""

    outcome: Outcome | None = None
    exit_code: int | None = None
    message: str = ""
    manifest: tuple[ManifestEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What says that the run is complete; its grace period runs from ``since``."""

    outcome: Outcome
    modified_at: datetime
    """LastModified; of a multipart upload, which S3 dates back to its beginning, long before it was there."""
    since: datetime
    evidence: str
    """For people: ``marker COMPLETE`` or ``expected outputs model.bin, ...``."""
    marker_key: str | None
    """The object whose body may say more; None when outputs complete the run."""
    multipart: bool = False

    def grace_over(self, settings: Settings) -> datetime:
        """When what is still on its way, a log or a checkpoint, has had its time."""
        return self.since + timedelta(seconds=settings.grace_seconds)

    def with_body(self, body: MarkerBody) -> Completion:
        """The same once the marker's body was read: an outcome in it counts more than the marker's name."""
        details: list[str] = []
        if body.exit_code is not None:
            details.append(f"exit code {body.exit_code}")
        if body.message:
            details.append(body.message)
        evidence = f"{self.evidence} ({', '.join(details)})" if details else self.evidence
        return replace(self, outcome=body.outcome or self.outcome, evidence=evidence)


def find(
    settings: Settings, objects: Sequence[StoredObject], launched_at: datetime, memory: Memory, seen_at: datetime
) -> Completion | None:
    """What completes the run: a marker, else all expected outputs.

    ``seen_at``: when S3 had answered. Not when it was asked: an upload may have been completed in between.
    """
    found = find_marker(settings, objects, launched_at) or _find_outputs(settings, objects, launched_at)
    return found and counted(found, memory, seen_at)


def counted(found: Completion, memory: Memory, seen_at: datetime) -> Completion:
    """The grace of a multipart upload counts from when it was first noticed."""
    if not found.multipart:
        return found
    first_seen_at = memory.first_noticed(found.modified_at) or times.end_of_second(seen_at)
    return replace(found, since=max(found.modified_at, first_seen_at))


def fresh(objects: Iterable[StoredObject], launched_at: datetime) -> tuple[StoredObject, ...]:
    """The objects of this launch. An older object belongs to an earlier run of the same instance."""
    return tuple(entry for entry in objects if entry.modified_at >= launched_at)


def matching(settings: Settings, pattern: str, objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
    """The objects whose key, relative to the prefix, matches the pattern."""
    start = len(settings.prefix)
    return tuple(
        entry for entry in objects if entry.key.startswith(settings.prefix) and matches(pattern, entry.key[start:])
    )


def _any_matching(settings: Settings, patterns: Iterable[str], objects: Sequence[StoredObject]) -> list[StoredObject]:
    return [entry for pattern in patterns for entry in matching(settings, pattern, objects)]


def stale_markers(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> tuple[str, ...]:
    """Keys of markers that an earlier launch left behind."""
    markers = _any_matching(settings, settings.markers + settings.failure_markers, objects)
    return tuple(sorted({entry.key for entry in markers if entry.modified_at < launched_at}))


def find_marker(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> Completion | None:
    """The marker that counts: a failure marker wins over a success marker, then the earliest of this launch."""
    current = fresh(objects, launched_at)
    for outcome, names in ((Outcome.FAILED, settings.failure_markers), (Outcome.SUCCEEDED, settings.markers)):
        found = sorted(_any_matching(settings, names, current), key=lambda entry: (entry.modified_at, entry.key))
        if found:
            first = found[0]
            evidence = f"marker {first.key[len(settings.prefix) :]}"
            return Completion(outcome, first.modified_at, first.modified_at, evidence, first.key, first.multipart)
    return None


def _find_outputs(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> Completion | None:
    """Complete when every expected output has a fresh, non-empty object; since the newest of all that match."""
    if not settings.expected_outputs:
        return None
    current = [entry for entry in fresh(objects, launched_at) if entry.size > 0]
    found = [matching(settings, pattern, current) for pattern in settings.expected_outputs]
    if not all(found):
        return None
    complete = [entry for entries in found for entry in entries]
    newest = max(entry.modified_at for entry in complete)
    multipart = any(entry.multipart for entry in complete)
    evidence = f"expected outputs {few(settings.expected_outputs)}"
    return Completion(Outcome.SUCCEEDED, newest, newest, evidence, None, multipart)
