"""Invariants about deadlines: nothing runs on past its own, and it is the monitor that is there in time."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.contract.outcomes import Action
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import SWITCH_DELAY
from sandbox.simulation.judge.truth import LAST_LOOK, REMOVAL, Truth
from sandbox.simulation.world.machine import Launch, SpotKind
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

AT_DEADLINE = 90 * SECOND
LAST_MOMENT = 15 * MINUTE
"""After the deadline, or the end of a hold that outlasts it."""


def nothing_runs_past_its_deadline(truth: Truth) -> Iterator[Found]:
    """Fifteen minutes after its deadline a run is over, even with the monitor broken, when EC2 can be reached."""
    for launch in truth.record.launches:
        latest = _latest(truth, launch)
        if latest is not None and launch.is_on(latest) and latest <= truth.record.finished_at:
            yield Found(latest, f"launch {launch.number} runs past its deadline")


def the_monitor_is_there_at_the_deadline(truth: Truth) -> Iterator[Found]:
    """When all services work, it is the monitor that ends a run at its deadline, with its signal: not the switch.

    A training that takes all of ten minutes to react to its signal is stopped by both at the same moment, and one that
    is signalled after the last look alone may be stopped by the switch.
    """
    record, settings = truth.record, truth.settings
    if record.scenario.weather is not Weather.CALM or settings.on_deadline is Action.REPORT or record.tampered_at:
        return
    if record.holds or record.scenario.machine.protected or record.interrupted_at is not None:
        return
    for launch in record.launches:
        deadline = truth.deadline(launch)
        unseen = launch.released_at is not None or not _was_seen(truth, launch, deadline or 0)
        unseen |= not truth.can_end(settings.on_deadline, deadline or 0)
        if deadline is None or not launch.is_on(deadline) or unseen:
            continue
        # What was noticed before, and cannot be seen any more, is looked for until the last look.
        blind_for = LAST_LOOK if record.lacks(Right.LIST_BUCKET, deadline) else 0
        reacted = deadline + blind_for + settings.shutdown_timeout_seconds * SECOND
        latest = max(reacted, deadline + LAST_LOOK) + AT_DEADLINE
        cut_off = launch.left_by == "switch" and not launch.is_on(min(reacted, deadline + SWITCH_DELAY) - SECOND)
        # A refused ending keeps its outcome, and is asked for once an hour.
        refused = truth.refusals(launch, latest) > 0
        if latest <= record.finished_at and (launch.is_on(latest) or cut_off) and not refused:
            yield Found(latest, f"launch {launch.number} was left to {launch.left_by or 'itself'} at its deadline")


def _was_seen(truth: Truth, launch: Launch, before: int) -> bool:
    """Whether a check had seen the launch, and could plan."""
    return any(
        check.completed
        and check.launch == launch.number
        and check.decision == "wait"
        and check.first_described_at is not None
        and check.ended_at is not None
        and check.ended_at < before
        for check in truth.record.checks
    )


def _latest(truth: Truth, launch: Launch) -> int | None:
    """The moment at which the launch must be over; None where EC2 could not be reached, or a person has to act."""
    record, deadline = truth.record, truth.deadline(launch)
    if deadline is None or truth.settings.on_deadline is Action.REPORT or record.scenario.machine.protected:
        return None
    # The training of another instance may be waited for before.
    another = truth.settings.shutdown_timeout_seconds * SECOND if truth.has_two_instances else 0
    start = _after_holds(truth, launch, deadline) + another
    latest = start + LAST_MOMENT
    # What Pulumi destroys while it cannot delete it yet, nothing watches any more.
    if record.destroyed_at is not None and record.destroyed_at <= latest:
        return None
    broken = any(
        start <= at <= latest and kind in {"stop_instance", "terminate_instance"} for at, kind in record.injected
    )
    fired = [firing for firing in record.firings if firing.set_for == launch.number]
    refused = truth.refusals(launch, latest, by_denial=False)
    if broken or refused or any(firing.failed or not firing.delivered for firing in fired):
        return None
    if record.scenario.machine.spot is SpotKind.ONE_TIME and truth.settings.on_deadline is Action.STOP:
        unable = _is_disturbed(truth, start - HOUR, latest) or not truth.can_end(Action.STOP, latest)
        return latest if not unable and _was_watched(truth, launch, start) else None
    late = any(firing.at > firing.due_at + MINUTE for firing in fired) or record.switch_arrives_at > record.finished_at
    late |= record.tampered_at is not None and record.tampered_at <= latest
    return latest if not late and _was_watched(truth, launch, start) else None


def _after_holds(truth: Truth, launch: Launch, deadline: int) -> int:
    """The end of the last hold that reaches over the deadline; a hold taken off is noticed by the next heartbeat."""
    end = deadline
    for hold in truth.record.holds:
        if hold.until is not None and hold.at <= end + LAST_MOMENT and hold.until > launch.at:
            noticed = truth.settings.max_interval_seconds * SECOND + 2 * MINUTE
            cleared = hold.until if hold.cleared_at is None else min(hold.until, hold.cleared_at + noticed)
            end = max(end, cleared)
    return end


def _is_disturbed(truth: Truth, start: int, end: int) -> bool:
    return truth.record.scenario.weather is not Weather.CALM and (
        any(start <= at <= end for at, _ in truth.record.injected)
        or any(start <= at <= end for at in truth.record.lost_triggers)
        or any(check.disturbed and start <= check.started_at <= end for check in truth.record.checks)
    )


def _was_watched(truth: Truth, launch: Launch, due: int) -> bool:
    """Whether some check of the launch, later than the last change of a hold, had the time to arm the switch."""
    changed = [hold.at for hold in truth.record.holds] + [hold.cleared_at or 0 for hold in truth.record.holds]
    armed_again = max(launch.releases, default=-REMOVAL) + REMOVAL
    since = max([launch.at, armed_again, *(moment for moment in changed if moment <= due + LAST_MOMENT)])
    return any(
        check.completed
        and check.launch == launch.number
        and check.decision == "wait"
        and check.started_at > since
        and check.described_at is not None
        and not truth.record.lacks(Right.CREATE_SCHEDULE, check.ended_at or due)
        and not truth.record.lacks(Right.UPDATE_SCHEDULE, check.ended_at or due)
        and check.ended_at is not None
        and check.ended_at < due + SWITCH_DELAY
        for check in truth.record.checks
    )


DEADLINES = (nothing_runs_past_its_deadline, the_monitor_is_there_at_the_deadline)
