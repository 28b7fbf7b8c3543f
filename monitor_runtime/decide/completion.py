"""Which objects say that a run is complete, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract import times
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.wording import few
from monitor_runtime.decide.multipart import multipart_digest
from monitor_runtime.decide.unmet import fresh, matching, missing


def _recognized(outcome: Outcome) -> str:
    return f"marker {outcome}"


FAILURE_MARKER = _recognized(Outcome.FAILED)
"""What a failure marker is recognized by, whatever its name."""


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A file that the marker's body says was written: its key and, if given, its size in bytes."""

    key: str
    size: int | None


@dataclass(frozen=True, slots=True)
class MarkerBody:
    """What a marker's body says, each field by itself; empty when it is text that is no JSON."""

    failed: bool = False
    """Whether any part of it tells of a failure."""
    exit_code: int | None = None
    message: str = ""
    manifest: tuple[ManifestEntry, ...] = ()
    not_understood: str = ""
    """What of it is cut off or of an unknown form; then it is no proof of success."""
    told_by: str = ""
    """Which of several markers says so, relative to the prefix."""

    @classmethod
    def together(cls, bodies: Mapping[str, MarkerBody]) -> MarkerBody:
        """What several markers say, the earliest first: a failure or doubt of any counts, and all of their files."""
        failed = [name for name, body in bodies.items() if body.failed]
        doubted = [name for name, body in bodies.items() if body.not_understood]
        told_by = next(iter(failed or doubted or bodies))
        manifest = tuple(entry for body in bodies.values() for entry in body.manifest)
        return replace(bodies[told_by], manifest=manifest, told_by=told_by)


@dataclass(frozen=True, slots=True)
class Completion:
    """What says that the run is complete; its grace period runs from ``since``."""

    outcome: Outcome
    modified_at: datetime
    """LastModified; of a multipart upload, which S3 dates back to its beginning, long before it was there."""
    since: datetime
    evidence: str
    """For people: ``marker COMPLETE`` or ``expected outputs model.bin, ...``."""
    marker_keys: tuple[str, ...] = ()
    """The objects whose bodies may say more, the earliest first; none when outputs complete the run."""
    multipart: bool = False
    recognized_by: str = ""
    """What is the same in every look at it: of outputs, the newest and the multipart ones. A marker may be uploaded
    again."""

    def grace_over(self, settings: Settings) -> datetime:
        """When what is still on its way, a log or a checkpoint, has had its time."""
        return self.since + timedelta(seconds=settings.grace_seconds)

    def with_body(self, body: MarkerBody, *, share_last_words: bool = False) -> Completion:
        """The same once the marker's body was read: a failure that either tells of counts.

        ``share_last_words``: whether the message in it may leave S3.
        """
        details: list[str] = []
        if body.exit_code is not None:
            details.append(f"exit code {body.exit_code}")
        if body.message and share_last_words:
            details.append(body.message)
        evidence = f"marker {body.told_by}" if body.told_by else self.evidence
        evidence = f"{evidence} ({', '.join(details)})" if details else evidence
        return replace(self, outcome=Outcome.FAILED if body.failed else self.outcome, evidence=evidence)


def find(
    settings: Settings, objects: Sequence[StoredObject], launched_at: datetime, memory: Memory, seen_at: datetime
) -> Completion | None:
    """What completes the run: a marker, else all expected outputs.

    ``seen_at``: when S3 had answered. Not when it was asked: an upload may have been completed in between.
    """
    found = find_marker(settings, objects, launched_at) or _find_outputs(settings, objects, launched_at)
    return found and counted(found, memory, seen_at)


def gone_for(noticed: str, found: Completion) -> bool:
    """Whether a marker that was noticed before would count now if it were still there."""
    is_success = noticed == _recognized(Outcome.SUCCEEDED)
    return (noticed == FAILURE_MARKER and found.recognized_by != noticed) or (is_success and not found.marker_keys)


def counted(found: Completion, memory: Memory, seen_at: datetime) -> Completion:
    """Its grace is counted from when it was first there: by S3's own time, or where that is dated back, first sight."""
    noticed = memory.noticed_before(found.recognized_by)
    if found.multipart:
        return replace(found, since=noticed or max(found.modified_at, times.end_of_second(seen_at)))
    return replace(found, since=min(found.modified_at, noticed or found.modified_at))


def _any_matching(settings: Settings, patterns: Iterable[str], objects: Sequence[StoredObject]) -> list[StoredObject]:
    return [entry for pattern in patterns for entry in matching(settings, pattern, objects)]


def stale_markers(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> tuple[str, ...]:
    """Keys of markers that an earlier launch left behind."""
    markers = _any_matching(settings, settings.markers + settings.failure_markers, objects)
    return tuple(sorted({entry.key for entry in markers if entry.modified_at < launched_at}))


def find_marker(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> Completion | None:
    """The marker that counts: a failure marker wins over a success marker, then the earliest of this launch.

    Any other success marker that has a body may tell of a failure: each rank or stage of a training may write its own.
    """
    current = fresh(objects, launched_at)
    for outcome, names in ((Outcome.FAILED, settings.failure_markers), (Outcome.SUCCEEDED, settings.markers)):
        found = sorted(set(_any_matching(settings, names, current)), key=lambda entry: (entry.modified_at, entry.key))
        if found:
            first, *others = found
            told = [entry.key for entry in others if entry.size > 0 and outcome is Outcome.SUCCEEDED]
            return Completion(
                outcome,
                first.modified_at,
                first.modified_at,
                f"marker {first.key[len(settings.prefix) :]}",
                (first.key, *told),
                first.multipart,
                recognized_by=_recognized(outcome),
            )
    return None


def unmet(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> tuple[str, ...]:
    """What of each expected output is missing."""
    gaps = (missing(settings, pattern, objects, launched_at) for pattern in settings.expected_outputs)
    return tuple(gap for gap in gaps if gap)


def _find_outputs(settings: Settings, objects: Sequence[StoredObject], launched_at: datetime) -> Completion | None:
    """Complete when nothing of any expected output is missing; since the newest of all that match."""
    if not settings.expected_outputs or unmet(settings, objects, launched_at):
        return None
    found = _any_matching(settings, settings.expected_outputs, fresh(objects, launched_at))
    newest = max(entry.modified_at for entry in found)
    return Completion(
        Outcome.SUCCEEDED,
        newest,
        newest,
        f"expected outputs {few(settings.expected_outputs)}",
        multipart=any(entry.multipart for entry in found),
        recognized_by=f"outputs of {times.format_time(newest)} {multipart_digest(found)}".rstrip(),
    )
