"""What the picture of a story shows: phases, marks and limits, each with its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor_runtime.contract.deadline import BOX_DELAY, switch_time
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.patterns import matches
from sandbox.demo.picture.check_words import check_kind, check_result, check_words
from sandbox.demo.since_launch import offset
from sandbox.demo.story import Story

LIMITS_IN_RANGE = timedelta(minutes=25)
"""A deadline this near to the end of the run is in the picture, and so are the layers after it."""
CLOSE_UP_SHARE = 0.25
"""The ending is shown once more, enlarged, when it takes less than this share of the picture."""
_OFF = {"stopped", "terminated"}


class Lane(StrEnum):
    """Where something happens, from top to bottom."""

    INSTANCE = "instance"
    S3 = "S3"
    MONITOR = "monitor"


@dataclass(frozen=True)
class Phase:
    """A bar."""

    lane: Lane
    kind: str
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Mark:
    """A moment: a shape by its kind, in a color by its result, with words or none. No kind: words alone."""

    lane: Lane
    at: datetime
    kind: str = ""
    result: str = ""
    words: str = ""


@dataclass(frozen=True)
class Limit:
    """A time by which the run is ended, by one of the layers."""

    kind: str
    words: str
    at: datetime


@dataclass(frozen=True)
class Timeline:
    """Everything in the picture, from ``began`` to ``ended``.

    ``ending`` is the stretch from what led to the end to when the instance was off.
    """

    began: datetime
    ended: datetime
    ending: tuple[datetime, datetime]
    phases: list[Phase]
    marks: list[Mark]
    limits: list[Limit]

    @property
    def close_up(self) -> tuple[datetime, datetime] | None:
        """The ending and a little around it, where it is too short to be seen in the whole."""
        first, last = self.ending
        if last - first > CLOSE_UP_SHARE * (self.ended - self.began):
            return None
        return first - 0.12 * (last - first), last + 0.16 * (last - first)


def timeline(story: Story) -> Timeline:
    """What is to be seen of a story."""
    limits, done = list(_limits(story)), _done(story)
    last = max([done, *(change.at for change in story.changes), *(limit.at for limit in limits)])
    end = last + 0.05 * (last - story.launched_at)
    phases = [*_instance_phases(story, end), *_other_phases(story, end)]
    marks = [*_changes(story), *_objects(story), *_checks(story, end)]
    return Timeline(story.launched_at, end, (_cause(story, phases, marks), done), phases, marks, limits)


def launches(story: Story) -> list[tuple[datetime, datetime]]:
    """From each launch to when the instance began to end, or to the last check of one that nobody ended."""
    starts = [story.launched_at, *(change.at for change in story.changes if change.state == "pending")]
    ends = [change.at for change in story.changes if change.state in {"stopping", "shutting-down"}]
    last = story.invocations[-1].ended_at
    return [(start, min((end for end in ends if end > start), default=last)) for start in starts]


def _done(story: Story) -> datetime:
    """When the last launch was over; for an instance that EC2 took, when that was recorded."""
    _, ended = launches(story)[-1]
    if story.taken_at:
        settled = (entry.ended_at for entry in story.invocations if (entry.reply or {}).get("decision") == "settle")
        return next(settled, ended)
    return next((change.at for change in story.changes if change.at > ended and change.state in _OFF), ended)


def _instance_phases(story: Story, end: datetime) -> Iterator[Phase]:
    for start, ended in launches(story):
        reported = next((moment for moment in story.reported if moment >= start), start)
        last, after = _activity(story, start, ended)
        yield Phase(Lane.INSTANCE, "booting", start, reported)
        yield Phase(Lane.INSTANCE, "training", reported, last)
        if after:
            yield Phase(Lane.INSTANCE, after, last, ended)
    states = {
        "stopping": "shutting-down",
        "shutting-down": "shutting-down",
        "stopped": "stopped",
        "terminated": "terminated",
    }
    for change, until in zip(story.changes, [*(after.at for after in story.changes[1:]), end], strict=False):
        if change.state in states:
            yield Phase(Lane.INSTANCE, states[change.state], change.at, until)


def _activity(story: Story, start: datetime, ended: datetime) -> tuple[datetime, str]:
    """When the training of a launch was through, and what it left behind: a finished, crashed or hung one."""
    for moment in story.hung:
        if start <= moment < ended:
            return moment, "hung"
    final = [
        (at, name) for at, name in story.written if start <= at < ended and _object_kind(story, name) != "checkpoint"
    ]
    if not final:
        return ended, ""
    at, name = max(final)
    return at, "crashed" if _object_kind(story, name) == "failure-marker" else "finished"


def _other_phases(story: Story, end: datetime) -> Iterator[Phase]:
    grace = timedelta(seconds=story.settings.grace_seconds)
    for start, ended in launches(story):
        through, after = _activity(story, start, ended)
        if after in {"finished", "crashed"}:
            yield Phase(Lane.MONITOR, "grace", through, min(through + grace, ended))
            if story.tags.get("runctl:outcome") == Outcome.UNVERIFIED:
                yield Phase(Lane.MONITOR, "verification", through + grace, ended)
    for incident in story.incidents:
        lane = Lane.S3 if incident.kind == "s3-outage" else Lane.MONITOR
        yield Phase(lane, incident.kind, incident.began, incident.ended or end)


def _changes(story: Story) -> Iterator[Mark]:
    for change in story.changes:
        words = change.state if change.state in _OFF else ""
        if change.state == "pending":
            words = "started again"
        elif change.at == story.taken_at:
            words = "taken by EC2"
        elif change.state == "stopping" and story.switch_fired_at == change.at:
            words = "stopped by the deadline switch"
        if words:
            yield Mark(Lane.INSTANCE, change.at, words=f"{words} {offset(change.at, story.launched_at)}")


def _object_kind(story: Story, name: str) -> str:
    if any(matches(marker, name) for marker in story.settings.markers):
        return "marker"
    if any(matches(marker, name) for marker in story.settings.failure_markers):
        return "failure-marker"
    return "checkpoint" if name.startswith("checkpoints/") else "output"


def _objects(story: Story) -> Iterator[Mark]:
    for moment in story.reported:
        yield Mark(Lane.S3, moment, "report")
    for moment, name in story.written:
        kind = _object_kind(story, name)
        words = "" if kind == "checkpoint" else f"{name} {offset(moment, story.launched_at)}"
        yield Mark(Lane.S3, moment, kind, words=words)


def _checks(story: Story, end: datetime) -> Iterator[Mark]:
    before = ""
    for entry in sorted(story.invocations, key=lambda entry: entry.ended_at):
        if entry.ended_at > end:
            return
        said = check_words(entry, story, before)
        words = f"{said} {offset(entry.ended_at, story.launched_at)}" if said and said != before else ""
        before = before if check_kind(entry) == "audit" else said
        yield Mark(Lane.MONITOR, entry.ended_at, check_kind(entry), check_result(entry), words)


def _limits(story: Story) -> Iterator[Limit]:
    """The deadline and the layers after it, where the run lasts until near them."""
    due, ended = story.deadline, story.ended_at
    if not due or not ended or ended < due - LIMITS_IN_RANGE:
        return
    start = launches(story)[-1][0]
    switch = switch_time(story.settings, start, None)
    layers = (
        ("deadline", "deadline", due),
        ("switch", "deadline switch", switch),
        ("timer", "instance's timer", due + BOX_DELAY),
    )
    for kind, words, at in layers:
        if at:
            moot = "" if at <= ended else ", not needed"
            yield Limit(kind, f"{words} {offset(at, story.launched_at)}{moot}", at)


def _cause(story: Story, phases: list[Phase], marks: list[Mark]) -> datetime:
    start, ended = launches(story)[-1]
    causes = {"finished", "crashed", "hung", "s3-outage"}
    return min(
        [phase.began for phase in phases if phase.kind in causes and start <= phase.began <= ended]
        + [mark.at for mark in marks if mark.kind in {"output", "spot-warning"} and start <= mark.at],
        default=ended,
    )
