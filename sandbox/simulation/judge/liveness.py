"""Invariants about money: what is over is ended, recorded and told, and soon."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.facts import Due, Finish, is_named
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.truth import INTERRUPTION, LAST_LOOK, Truth
from sandbox.simulation.judge.waits import graced_endings, remembered_since, was_noticed
from sandbox.simulation.world.machine import ALIVE, Launch, SpotKind
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.tampering import OF_SWITCH, Right
from sandbox.simulation.world.timeline import MINUTE, SECOND, to_datetime
from sandbox.simulation.world.weather import Weather

MAX_REFUSALS = 3
AT_ONCE_SECONDS = 5.0
SWITCH_DELAY = 10 * MINUTE
CARRIED = frozenset({"heartbeat", "follow-up"})
_ENDED = frozenset({InstanceState.STOPPED, InstanceState.TERMINATED})


def a_check_ends_what_is_due(truth: Truth) -> Iterator[Found]:
    """A check that nothing disturbs leaves no run running whose ending was due when it looked, and still is at its end.

    While it looks, a marker may come back or go, and a training that is signalled uploads on its way out.
    """
    for check in truth.record.checks:
        if not check.completed or check.trigger not in CARRIED or check.state_at_start is not InstanceState.RUNNING:
            continue
        looked_at, ended_at = check.first_described_at, check.ended_at
        launch = truth.record.launches[check.launch]
        if looked_at is None or ended_at is None or not launch.is_on(looked_at) or check.state_at_end not in ALIVE:
            continue
        due = _surely_due(truth, check, launch, looked_at)
        still = due and _surely_due(truth, check, launch, ended_at)
        if due and still and due.outcome == still.outcome:
            late = (looked_at - due.at) / SECOND
            yield Found(looked_at, f"{due.outcome} was due for {late:.0f} s, and check {check.number} did not end it")


def _surely_due(truth: Truth, check: Check, launch: Launch, moment: int) -> Due | None:
    """What a check had to act on; None where it may rightly not have acted, or did so by reporting."""
    if truth.is_held(moment) or truth.refusals(launch, moment) >= MAX_REFUSALS:
        return None
    if check.decision == "end" or truth.is_interrupted(moment):
        return None
    finish = truth.finish(launch, moment)
    late = 0 if finish is None else _counted_late(truth, launch, finish, moment)
    large = any(written.multipart for written in truth.signs_of_progress(launch, moment))
    unsure = {Outcome.IDLE, Outcome.STALLED} if large else {Outcome.IDLE}
    if finish is not None and finish.kind is Outcome.SUCCEEDED and truth.may_hide_a_marker(launch, moment):
        # The other marker may count, which came later or says something else.
        unsure |= {Outcome.SUCCEEDED, Outcome.FAILED, Outcome.UNVERIFIED}
    dues = [due for due in truth.dues(launch, moment, moment, sure=True) if due.outcome not in unsure]
    unsure_of_it = (finish is not None and finish.uncertain) or truth.record.lacks(Right.LIST_BUCKET, moment)
    last_look = LAST_LOOK if unsure_of_it else 0
    certain = [
        due
        for due in dues
        if (due.outcome is Outcome.DEADLINE and due.at + last_look <= moment)
        or (due.outcome is not Outcome.DEADLINE and late is not None and due.at + late <= moment)
    ]
    acted = [due for due in certain if due.action is not Action.REPORT and not truth.is_kept(launch, due, moment)]
    return next(iter(acted), None)


def _counted_late(truth: Truth, launch: Launch, finish: Finish, moment: int) -> int | None:
    """How long after the completion the monitor's count of its grace began; None while nothing says that it has."""
    if not finish.dated_back:
        return 0
    if finish.uncertain and not truth.may_hide_a_marker(launch, moment):
        return finish.stamp - finish.since
    since = remembered_since(truth, launch, finish, moment)
    return None if since is None else since - finish.since


def a_finished_run_is_ended_in_time(truth: Truth) -> Iterator[Found]:
    """When all services work, a completed run is ended within a poll interval of its marker, or at the end of grace."""
    if truth.record.scenario.weather is not Weather.CALM or truth.record.scenario.machine.protected:
        return
    if truth.record.tampered_at:
        return
    for launch in truth.record.launches:
        latest = _latest_end(truth, launch)
        end = truth.record.finished_at if launch.left_running_at is None else launch.left_running_at
        if latest is not None and latest < end:
            yield Found(latest, f"launch {launch.number} ran on until {to_datetime(end):%d %H:%M:%S}")


def a_noticed_completion_is_ended_at_once(truth: Truth) -> Iterator[Found]:
    """When all services work, a completion that was seen in its grace period ends the run within 5 s of its end."""
    if truth.record.scenario.weather is not Weather.CALM or truth.record.tampered_at:
        return
    for ending, seconds in graced_endings(truth):
        released = ending.launch.released_at is not None
        if seconds > AT_ONCE_SECONDS and not released and was_noticed(truth, ending, seconds):
            yield Found(ending.at, f"check {ending.check.number} ended the run {seconds:.1f} s after its grace period")


def _latest_end(truth: Truth, launch: Launch) -> int | None:
    end = truth.record.finished_at if launch.left_running_at is None else launch.left_running_at
    finish = truth.finish(launch, end)
    if finish is None or any(hold.until is not None and hold.until > launch.at for hold in truth.record.holds):
        return None
    if truth.may_hide_a_marker(launch, end):
        return None
    due = truth.due_of(launch, finish, end)
    if Action.REPORT in {due.action, truth.settings.on_deadline} or truth.is_kept(launch, due, due.at):
        return None
    # A refused ending keeps its outcome, whatever comes later.
    if truth.refusals(launch, end) or not truth.can_end(due.action, end):
        return None
    to_notice = truth.settings.max_interval_seconds * SECOND + MINUTE
    unplanned = any(truth.record.lacks(right, end) for right in (Right.CREATE_SCHEDULE, Right.UPDATE_SCHEDULE))
    counted_later = finish.dated_back or launch.released_at is not None
    graced = due.at + to_notice * (unplanned + counted_later) + _hidden_for(truth, finish, end)
    settled = [] if due.outcome is Outcome.FAILED else _verified_by(truth, launch, finish, end, unplanned=unplanned)
    if finish.kind is Outcome.SUCCEEDED and due.outcome is Outcome.FAILED:
        # That it failed is told by a body: maybe of a later marker, or of a version before which it told otherwise.
        written_then = truth.objects(launch, end).items()
        settled += [written.at + to_notice for name, written in written_then if is_named(name, truth.settings.markers)]
    # What a marker had hidden that was taken away is found by the next look.
    settled += [at + to_notice for at, _ in truth.record.bucket.removed if finish.since <= at <= end]
    if finish.uncertain:
        settled.append(max(graced, finish.since + to_notice) + finish.stamp - finish.since)
    # While EC2 may be taking the instance back, nobody looks; what counts from first sight begins with the next look.
    warned = 0 if truth.record.interrupted_at is None else truth.record.interrupted_at + INTERRUPTION
    warned += to_notice + truth.grace if finish.dated_back and finish.since <= warned else 0
    return max(graced, finish.since + to_notice, warned, *settled) + 2 * MINUTE + 30 * SECOND


def _verified_by(truth: Truth, launch: Launch, finish: Finish, end: int, *, unplanned: bool) -> list[int]:
    """By when verification has seen each object: it looks again after a minute, or a quarter of the time so far.

    Heartbeats alone look after what is kept, and after what Pulumi let go.
    """
    to_notice = truth.settings.max_interval_seconds * SECOND + MINUTE
    kept = truth.record.scenario.machine.spot is SpotKind.ONE_TIME
    by_heartbeat = unplanned or kept or launch.released_at is not None
    return [
        written.at
        + max(0, to_notice if by_heartbeat else min(to_notice, (written.at - finish.since - truth.grace) // 4) - MINUTE)
        for written in truth.record.bucket.history
        if written.at <= end
    ]


def _hidden_for(truth: Truth, finish: Finish, end: int) -> int:
    """How long a marker that was taken away had kept outputs from being noticed that count from first sight."""
    if not finish.dated_back or finish.kind is not None:
        return 0
    return max((at - finish.since for at, _ in truth.record.bucket.removed if finish.since <= at <= end), default=0)


def the_switch_is_armed(truth: Truth) -> Iterator[Found]:
    """After every undisturbed check of a run that goes on, the deadline switch stands at its right time."""
    for check in truth.record.checks:
        launch, described_at = truth.record.launches[check.launch], check.described_at
        waits = check.completed and check.decision == "wait" and check.trigger in CARRIED
        if not waits or check.state_at_start not in ALIVE or described_at is None or check.ended_at is None:
            continue
        deadline = truth.deadline(launch)
        if deadline is None or truth.settings.on_deadline is Action.REPORT or not launch.is_on(check.ended_at):
            continue
        destroyed = truth.record.destroyed_at is not None and truth.record.destroyed_at < check.ended_at
        going = truth.is_going(launch, check.started_at, check.ended_at) or _was_let_go_unrecorded(truth, launch)
        if check.tampered_after in OF_SWITCH:
            continue
        if destroyed or going or truth.is_interrupted(check.ended_at) or not check.is_about(launch):
            continue
        untils = [hold.until or 0 for hold in truth.record.holds if truth.is_held(described_at)]
        wanted = max(deadline, *untils, 0) + SWITCH_DELAY
        if wanted <= check.ended_at + MINUTE or check.switch_after == wanted:
            continue
        # Shortly before a switch fires it is put again, whatever its tag says.
        is_near = wanted - check.ended_at <= 2 * (truth.settings.max_interval_seconds * SECOND + MINUTE)
        moved = not is_near and _was_moved_unrecorded(truth, check)
        if not (moved or _is_believed_from_before(truth, launch, check)):
            yield Found(check.ended_at, f"check {check.number} left the switch at {check.switch_after}, not {wanted}")


def _was_let_go_unrecorded(truth: Truth, launch: Launch) -> bool:
    """A release that could not be written down took the switch away: until its time is near, the tag is believed."""
    return any(
        check.trigger == "forget" and check.launch == launch.number and check.disturbed for check in truth.record.checks
    )


def _is_believed_from_before(truth: Truth, launch: Launch, check: Check) -> bool:
    """A hold that goes on over a new start keeps the switch's time: the tag is believed until an audit looks."""
    held = any(hold.at <= launch.at for hold in truth.record.holds)
    return (
        held
        and truth.is_tampered_with(OF_SWITCH, launch.at)
        and not any(
            other.trigger == "audit" and other.is_whole and launch.at <= other.started_at <= check.started_at
            for other in truth.record.checks
        )
    )


def _was_moved_unrecorded(truth: Truth, check: Check) -> bool:
    """Two checks put the switch at once, and one could not write so: the tag of the other is believed."""
    written = [each for each in truth.record.taggings if "runctl:armed" in each.tags and each.launch == check.launch]
    return any(
        other.started_at <= tagging.at <= (other.ended_at or tagging.at) <= check.started_at
        and other.kinds["put_deadline_switch"]
        and other.failed["tag_instance"]
        for tagging in written
        for other in truth.record.checks
        if other is not tagging.check
    )


def an_ended_run_is_settled_by_the_next_check(truth: Truth) -> Iterator[Found]:
    """An undisturbed check of an ended run leaves it recorded and told, and its deadline switch removed."""
    for check in truth.record.checks:
        settles = check.completed and check.trigger in CARRIED and check.state_at_start in _ENDED
        launch, at = truth.record.launches[check.launch], check.ended_at or 0
        if not settles or check.state_at_end not in _ENDED or not check.is_about(launch):
            continue
        if (check.reply or {})["instance"]["state"] == InstanceState.GONE:
            continue
        recorded = any(tagging.at <= at for tagging in truth.recorded(launch))
        told = any(entry.launched_at == launch.stamped and entry.at <= at for entry in truth.record.notifications)
        released = launch.released_at is not None
        if not (recorded or released or truth.waits_for_s3(launch, at)):
            yield Found(at, f"launch {launch.number} has no outcome after check {check.number}")
        told |= truth.record.lacks(Right.PUBLISH, at) or truth.waits_for_s3(launch, at)
        if truth.record.scenario.notifies and not told and not released:
            yield Found(at, f"nobody was told of launch {launch.number} by check {check.number}")
        kept = truth.record.lacks(Right.DELETE_SCHEDULE, at) or truth.waits_for_s3(launch, at)
        kept |= _was_armed_meanwhile(truth, launch)
        if check.switch_after is not None and not kept:
            yield Found(at, f"check {check.number} left the deadline switch behind")


def _was_armed_meanwhile(truth: Truth, launch: Launch) -> bool:
    """Whether a check that saw the instance running may have armed its switch after it was ended, and no tag says so.

    It failed to write that, or the check that ended the run wrote later, and slowly, that the switch is removed.
    """
    end, taggings = launch.left_running_at, truth.record.taggings
    disarmed_at = max((each.at for each in taggings if each.tags.get("runctl:armed") == ""), default=0)
    enders = {ending.check.number for ending in truth.record.endings}
    return end is not None and any(
        check.kinds["put_deadline_switch"] and check.started_at < end < (check.ended_at or end)
        for check in truth.record.checks
        if check.launch == launch.number and check.number not in enders
        if check.failed["tag_instance"]
        or any(each.check is check and each.tags.get("runctl:armed") and each.at < disarmed_at for each in taggings)
    )


def a_stuck_stop_is_forced(truth: Truth) -> Iterator[Found]:
    """An instance that has been stopping for longer than it may is forced by the next undisturbed check.

    What EC2 has refused three times is not asked for again.
    """
    for check in truth.record.checks:
        launch = truth.record.launches[check.launch]
        left_at, forced = launch.left_running_at, launch.forced
        sees = check.completed and check.trigger in CARRIED and check.described_at is not None
        if not sees or check.state_at_start is not InstanceState.STOPPING:
            continue
        given_up = truth.refusals(launch, check.started_at) >= MAX_REFUSALS
        since = truth.stop_known_since(launch, left_at, check.started_at)
        if check.started_at - since > truth.stuck_after + SECOND and not forced and not given_up:
            yield Found(check.started_at, f"check {check.number} left the instance stuck")


LIVENESS = (
    a_check_ends_what_is_due,
    a_finished_run_is_ended_in_time,
    a_noticed_completion_is_ended_at_once,
    the_switch_is_armed,
    an_ended_run_is_settled_by_the_next_check,
    a_stuck_stop_is_forced,
)
