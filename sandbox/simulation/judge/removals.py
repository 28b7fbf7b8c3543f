"""Invariants about what Pulumi removes: it is no news, and nothing is left behind for it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.truth import REMOVAL, Truth
from sandbox.simulation.world.timeline import MINUTE


def a_removed_instance_is_no_news(truth: Truth) -> Iterator[Found]:
    """What a check that saw the release says of the end of an instance that Pulumi removed is nothing."""
    for launch in truth.record.launches:
        released_at, end = launch.released_at, launch.left_running_at
        if released_at is None or end is None or launch.left_by != "pulumi":
            continue
        known = any(
            entry.launch == launch.number and "runctl:outcome" in entry.tags and entry.at <= end
            for entry in truth.record.taggings
        )
        for told in truth.record.notifications:
            saw_it = told.check.described_at is not None and told.check.described_at > released_at
            if told.launched_at == launch.stamped and told.at > end and saw_it and not known:
                yield Found(told.at, f"{told.outcome} was told of launch {launch.number}, which Pulumi removed")


def nothing_is_made_for_what_is_being_removed(truth: Truth) -> Iterator[Found]:
    """A check that sees that the instance was released a moment ago arms no deadline switch: it would outlive it."""
    for check in truth.record.checks:
        launch = truth.record.launches[check.launch]
        looked_at = check.first_described_at
        ended_at = check.ended_at or check.started_at
        outlived = any(check.started_at < each.at <= ended_at for each in truth.record.launches)
        if looked_at is None or truth.has_two_instances or outlived or check.trigger == "first-check":
            continue
        going = any(at < looked_at < at + REMOVAL - MINUTE for at in launch.releases)
        if going and check.kinds["put_deadline_switch"]:
            yield Found(looked_at, f"check {check.number} armed a switch for an instance that is being removed")


REMOVALS = (
    a_removed_instance_is_no_news,
    nothing_is_made_for_what_is_being_removed,
)
