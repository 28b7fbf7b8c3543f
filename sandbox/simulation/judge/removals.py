"""Invariants about what goes away: the instance that Pulumi removes or EC2 takes back, the marker that one deletes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.truth import REMOVAL, Truth
from sandbox.simulation.world.machine import ALIVE, Launch
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.tampering import OF_TAGS
from sandbox.simulation.world.timeline import MINUTE


def a_removed_instance_is_no_news(truth: Truth) -> Iterator[Found]:
    """What a check that saw the release and the end of an instance that Pulumi removed says of it is nothing."""
    for launch in truth.record.launches:
        released_at, end = launch.released_at, launch.left_running_at
        if released_at is None or end is None or launch.left_by != "pulumi":
            continue
        # A check that had begun before the release may record how the run ended when it was released already.
        known = any(entry.at <= end or entry.check.started_at < released_at for entry in truth.recorded(launch))
        for told in truth.record.notifications:
            saw_it = told.check.described_at is not None and told.check.described_at > max(released_at, end)
            if told.launched_at == launch.stamped and told.at > end and saw_it and not known:
                yield Found(told.at, f"{told.outcome} was told of launch {launch.number}, which Pulumi removed")


def nothing_is_made_for_what_is_being_removed(truth: Truth) -> Iterator[Found]:
    """A check that sees that the instance was released a moment ago arms no deadline switch: it would outlive it."""
    for check in truth.record.checks:
        launch = truth.record.launches[check.launch]
        looked_at = check.first_described_at
        ended_at = check.ended_at or check.started_at
        outlived = any(check.started_at < each.at <= ended_at for each in truth.record.launches)
        if looked_at is None or outlived or check.trigger == "first-check":
            continue
        # A check that waited looks again before it arms.
        last_look = check.described_at or looked_at
        going = any(at < looked_at and last_look < at + REMOVAL - MINUTE for at in launch.releases)
        if going and check.kinds["put_deadline_switch"]:
            yield Found(looked_at, f"check {check.number} armed a switch for an instance that is being removed")


def a_marker_that_is_gone_is_told(truth: Truth) -> Iterator[Found]:
    """An undisturbed check that finds nothing says so, if one that was over had seen a marker in its grace period."""
    plan = truth.record.scenario.tampering
    if not truth.record.bucket.removed or (plan is not None and plan.kind in OF_TAGS):
        return
    for launch in truth.record.launches:
        for before, check in pairwise(truth.noticing(launch)):
            over = before.ended_at is not None and before.ended_at <= check.started_at
            gone = over and None not in truth.kinds_seen(launch, before) and _saw_nothing(truth, launch, check)
            if gone and not _tells(check) and not _another_came_between(truth, before, check):
                yield Found(check.started_at, f"check {check.number} does not say that a marker is gone")


def only_what_was_there_is_gone(truth: Truth) -> Iterator[Found]:
    """A check that says that something is gone again is about what this very launch had written."""
    for check in filter(_tells, truth.record.checks):
        launch, until = truth.record.launches[check.launch], check.ended_at or check.started_at
        written = [entry.at for entry in truth.record.bucket.history if launch.at <= entry.at <= until]
        if not any(truth.finish(launch, at) for at in written):
            yield Found(check.started_at, f"check {check.number} says that something is gone that never was there")


def a_warning_reaches_the_training(truth: Truth) -> Iterator[Found]:
    """A check that hears in time of a spot interruption signals the training, if it is still at work."""
    for check in truth.record.checks:
        heard = check.completed and check.trigger == "spot-warning" and check.state_at_start is InstanceState.RUNNING
        launch, training = truth.record.launches[check.launch], truth.record.trainings[check.launch]
        heard = heard and truth.is_warned(launch, check.started_at)
        if not heard or not truth.record.scenario.has_agent or check.decision in {"ignored", "over"}:
            continue
        working = check.looks and not any(truth.finish(launch, look) for look in check.looks)
        if working and check.ended_at is not None and (training.signalled_at or check.ended_at + 1) > check.ended_at:
            yield Found(check.started_at, f"check {check.number} did not signal the training")


def an_interruption_is_recorded(truth: Truth) -> Iterator[Found]:
    """An undisturbed check that hears in time of a spot warning, and sees the instance run, leaves an outcome."""
    for check in truth.record.checks:
        heard = check.completed and check.trigger == "spot-warning" and check.state_at_start in ALIVE
        launch = truth.record.launches[check.launch]
        heard = heard and truth.is_warned(launch, check.started_at)
        if not heard or check.ended_at is None or (check.reply or {}).get("decision") == "ignored":
            continue
        if not launch.is_on(check.described_at or check.started_at):
            continue
        if not any(tagging.at <= check.ended_at for tagging in truth.recorded(launch)):
            yield Found(check.ended_at, f"check {check.number} left the interruption unrecorded")


def _tells(check: Check) -> bool:
    return any("is gone again" in problem for problem in (check.reply or {}).get("problems", []))


def _saw_nothing(truth: Truth, launch: Launch, check: Check) -> bool:
    return not any(truth.finish(launch, look) for look in check.looks)


def _another_came_between(truth: Truth, before: Check, after: Check) -> bool:
    """Whether a check that overlaps with one of the two, or lies between them, may have told or written anything."""
    since, until = before.started_at, after.ended_at or after.started_at
    return any(
        each not in (before, after) and each.started_at <= until and (each.ended_at or until) >= since
        for each in truth.record.checks
    )


REMOVALS = (
    a_removed_instance_is_no_news,
    nothing_is_made_for_what_is_being_removed,
    a_marker_that_is_gone_is_told,
    only_what_was_there_is_gone,
    a_warning_reaches_the_training,
    an_interruption_is_recorded,
)
