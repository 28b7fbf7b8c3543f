"""A story in sentences: how it ended and why, how fast that was seen, what it saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from monitor_runtime.contract import names
from sandbox.demo.since_launch import between, offset, with_offsets
from sandbox.demo.story import Story
from sandbox.demo.training import IncidentKind

_BEFALLEN = {
    IncidentKind.HOLD: "On hold",
    IncidentKind.S3_OUTAGE: "S3 did not answer",
    IncidentKind.BROKEN_MONITOR: "The monitor was broken",
}


def ending(story: Story) -> str:
    """What became of the instance, when, and the reason."""
    if story.taken_at:
        return f"Taken by EC2 {offset(story.taken_at, story.launched_at)} after the launch: {reason(story)}."
    if story.ended_at is None:
        return "The instance was not ended."
    why = "the deadline switch, without the monitor" if story.switch_fired_at else reason(story)
    return f"{_verb(story)} {offset(story.ended_at, story.launched_at)} after the launch: {why}."


def _verb(story: Story) -> str:
    """Of the last ending by a call; a later termination is another fact."""
    calls = [change.state for change in story.changes if change.state in {"stopping", "shutting-down"}]
    return "Terminated" if set(calls) == {"shutting-down"} else "Stopped"


def outcome(story: Story) -> str:
    """As it is recorded on the instance."""
    return story.tags.get(names.TAG_OUTCOME, "none recorded")


def facts(story: Story) -> Iterator[str]:
    """What befell it, how soon it was noticed, what it saved, and what came later."""
    for moment in story.hung:
        yield f"The training did nothing after {offset(moment, story.launched_at)}"
    for incident in story.incidents:
        until = f" until {offset(incident.ended, story.launched_at)}" if incident.ended else ""
        yield f"{_BEFALLEN[incident.kind]} from {offset(incident.began, story.launched_at)}{until}"
    warned = next(
        (entry.ended_at for entry in story.invocations if (entry.reply or {}).get("decision") == "interrupt"), None
    )
    if warned and story.taken_at:
        yield f"The training was asked to save {between(warned, story.taken_at)} before that"
    is_held = any(incident.kind == IncidentKind.HOLD for incident in story.incidents)
    if story.marker_at and story.seen_at and not is_held:
        what = "the last output" if story.scenario.args.get("expected_outputs") else "the marker"
        yield f"Seen {between(story.marker_at, story.seen_at)} after {what} was written"
    yield from saving(story)
    later = [change for change in story.changes[1:] if change.state == "shutting-down"]
    if later:
        yield f"Terminated {offset(later[0].at, story.launched_at)} after the launch"


def saving(story: Story) -> Iterator[str]:
    """How long before its deadline, or after it, the instance was ended."""
    if story.deadline and story.ended_at:
        early = story.deadline - story.ended_at
        hours = f"its deadline of {story.settings.max_runtime_hours:g} h"
        if abs(early) < timedelta(minutes=1):
            yield f"Ended at {hours}"
        elif early < timedelta():
            yield f"Ended {between(story.deadline, story.ended_at)} after {hours}"
        else:
            saved = "were left until" if story.taken_at else "saved against"
            yield f"{between(story.ended_at, story.deadline)} {saved} {hours}"


def reason(story: Story) -> str:
    """In the monitor's own words, with times since the launch; the record in tags has fewer characters."""
    for entry in reversed(story.invocations):
        reply = entry.reply or {}
        if reply.get("outcome"):
            return with_offsets(str(reply["reason"]), story.launched_at)
    return ""
