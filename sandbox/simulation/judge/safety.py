"""Invariants about work: nothing is ended that should go on, and nothing is ended in another way than declared."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.facts import Due, Finish
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.truth import LAST_LOOK, Truth
from sandbox.simulation.world.machine import ALIVE, SpotKind
from sandbox.simulation.world.record import Ending, Firing
from sandbox.simulation.world.tampering import OF_TAGS, Right
from sandbox.simulation.world.timeline import DAY, MINUTE, SECOND, whole_seconds

SIGNALLED = frozenset({Outcome.DEADLINE, Outcome.IDLE, Outcome.STALLED})


def outcome_of(ending: Ending) -> Outcome | None:
    """What the check said of its ending, if it lived to say it."""
    told = (ending.check.reply or {}).get("outcome")
    return Outcome(told) if told and ending.check.is_about(ending.launch) else None


def dues_of(truth: Truth, ending: Ending) -> list[Due]:
    """What was due, by what lay in S3 at each of the looks."""
    blind = ending.check.disturbed or not ending.looks
    looks = (*ending.looks, None) if blind else ending.looks
    return [due for look in looks for due in truth.dues(ending.launch, look, ending.sent_at)]


def _finishes(truth: Truth, ending: Ending) -> list[tuple[int, Finish]]:
    """What completed the training at each of the looks."""
    found = [(look, truth.finish(ending.launch, look)) for look in ending.looks]
    return [(look, finish) for look, finish in found if finish]


def every_ending_has_a_cause(truth: Truth) -> Iterator[Found]:
    """A run is ended only for its deadline, for idleness, or for what this very launch wrote under the right names."""
    for ending in truth.record.endings:
        if not _finishes(truth, ending) and not dues_of(truth, ending):
            yield Found(ending.at, f"check {ending.check.number} ended a run that had no cause to end")


def grace_is_given_in_full(truth: Truth) -> Iterator[Found]:
    """A completed run is not ended before its grace period, and its time for verification, are over."""
    for ending in truth.record.endings:
        finishes = _finishes(truth, ending)
        # Where S3 denies to tell of the parts of an upload, it is not known to get on.
        # Of two instances, the reply is about the last.
        said = outcome_of(ending)
        untold = ending.check.disturbed and (said is Outcome.UNVERIFIED or (truth.has_two_instances and not said))
        # Of several markers, the first that a page shows counts: it may be one without a manifest.
        hidden = truth.may_hide_a_marker(ending.launch, ending.at)
        if finishes and not (untold or hidden) and not dues_of(truth, ending):
            early = min(truth.due_of(ending.launch, finish, look).at for look, finish in finishes) - ending.sent_at
            yield Found(ending.at, f"check {ending.check.number} ended the run {early / SECOND:.3f} s early")


def the_outcome_is_true(truth: Truth) -> Iterator[Found]:
    """What a check says of its ending is what truly was due."""
    for ending in truth.record.endings:
        told, due = outcome_of(ending), {entry.outcome for entry in dues_of(truth, ending)}
        due |= truth.refused_before(ending.launch, ending.at) if due else set()
        if told is Outcome.UNVERIFIED and _verification_was_refused(ending):
            continue
        if _lost_its_memory(truth) or truth.may_hide_a_marker(ending.launch, ending.at):
            continue
        if told is not None and due and told not in due:
            yield Found(ending.at, f"check {ending.check.number} said {told}, true was {', '.join(sorted(due))}")


def _lost_its_memory(truth: Truth) -> bool:
    """When a marker that was written again was there first stands in the tags, which somebody stripped."""
    plan = truth.record.scenario.tampering
    return plan is not None and plan.kind in OF_TAGS and truth.record.tampered_at is not None


def _verification_was_refused(ending: Ending) -> bool:
    """What S3 denies cannot be verified, however complete it is."""
    return ending.check.disturbed


def no_upload_is_lost(truth: Truth) -> Iterator[Found]:
    """No run is ended as succeeded while it is still uploading what it had begun to upload before."""
    for ending in truth.record.endings:
        if outcome_of(ending) is Outcome.SUCCEEDED and ending.under_way and ending.looks:
            finishes = _finishes(truth, ending)[:1]
            if any(
                all(_seen_going_on(truth, ending, each, look) for each in finish.readings())
                for look, finish in finishes
            ):
                yield Found(ending.at, f"ended as succeeded while {', '.join(ending.under_way)} was going on")


def _seen_going_on(truth: Truth, ending: Ending, finish: Finish, look: int) -> bool:
    """Whether an upload that the ending broke off was there to be seen; the signal of the ending may begin others."""
    under_way = truth.uploads_under_way(ending.launch, finish, look)
    return any(upload.key in ending.under_way for upload in under_way)


def holds_are_respected(truth: Truth) -> Iterator[Found]:
    """Nothing is ended during a hold that was there when the check looked."""
    for ending in truth.record.endings:
        if truth.is_held(ending.described_at) and truth.is_held(ending.sent_at, ending.described_at):
            yield Found(ending.at, f"check {ending.check.number} ended a run on hold")
    for at, _, check in truth.record.terminated_stopped:
        if (
            check.described_at is not None
            and truth.is_held(check.described_at)
            and truth.is_held(at, check.described_at)
        ):
            yield Found(at, "a stopped instance on hold was terminated")


def endings_are_as_declared(truth: Truth) -> Iterator[Found]:
    """Stop means stop, unless EC2 cannot; report touches nothing; what is not verified is not terminated."""
    settings = truth.settings
    declared = {
        Outcome.SUCCEEDED: settings.on_complete,
        Outcome.UNVERIFIED: Action.STOP if settings.on_complete is Action.TERMINATE else settings.on_complete,
        Outcome.FAILED: settings.on_failure,
        Outcome.IDLE: settings.on_failure,
        Outcome.STALLED: settings.on_failure,
        Outcome.DEADLINE: settings.on_deadline,
    }
    for ending in truth.record.endings:
        outcome = outcome_of(ending)
        wanted = declared.get(outcome) if outcome else None
        again = [due for look in (*ending.looks, ending.sent_at) for due in truth.started_again(ending.launch, look)]
        if any(due.outcome == outcome for due in again):
            wanted = Action.STOP
        climbed = wanted is Action.STOP and truth.record.scenario.machine.spot is SpotKind.ONE_TIME
        if outcome is Outcome.UNVERIFIED and ending.action is Action.TERMINATE and not _was_over(truth, ending):
            yield Found(ending.at, "what could not be verified was terminated before its deadline")
        if wanted is not None and ending.action is not wanted and not climbed:
            yield Found(ending.at, f"{outcome} was to {wanted}, and it came to {ending.action}")


def _was_over(truth: Truth, ending: Ending) -> bool:
    """Whether the deadline had come, and of what was complete before it and not only reported, the last look."""
    deadline = truth.deadline(ending.launch)
    if deadline is None:
        return False
    complete = any(
        all(each.whole_at < deadline for each in finish.readings())
        and truth.due_of(ending.launch, finish, look).action is not Action.REPORT
        for look, finish in _finishes(truth, ending)
    )
    return ending.sent_at >= deadline + (LAST_LOOK if complete else 0)


def a_signalled_training_gets_its_time(truth: Truth) -> Iterator[Found]:
    """Before a deadline or idle ending the training is asked to finish, and waited for until it has or time is up."""
    for ending in truth.record.endings:
        if outcome_of(ending) not in SIGNALLED or ending.check.disturbed or not truth.record.scenario.has_agent:
            continue
        if ending.signalled_at is None:
            yield Found(ending.at, f"check {ending.check.number} did not signal the training")
            continue
        waited = ending.sent_at - ending.signalled_at
        if not ending.training_exited and waited < truth.settings.shutdown_timeout_seconds * SECOND:
            yield Found(ending.at, f"the training had only {waited / SECOND:.1f} s to finish")


def the_switch_spares_what_may_run(truth: Truth) -> Iterator[Found]:
    """The deadline switch ends no launch before its deadline, nor on hold, once a check had the time to move it.

    One that had fired for an earlier launch, and is still being delivered, nobody can move any more.
    """
    for firing in truth.record.firings:
        launch = truth.record.launches[firing.launch]
        deadline = truth.deadline(launch)
        early = deadline is None or firing.at < deadline
        if firing.hit and early and _could_move(truth, firing, launch.at):
            yield Found(firing.at, f"the switch for {firing.due_at / SECOND:.0f} s ended launch {launch.number} early")
        for hold in truth.record.holds:
            held = truth.is_held(firing.at) and truth.is_held(firing.at - 2 * MINUTE, max(hold.at, launch.at))
            if firing.hit and held and _could_move(truth, firing, max(hold.at, launch.at)):
                yield Found(firing.at, "the switch ended a run on hold")


def _could_move(truth: Truth, firing: Firing, since: int) -> bool:
    """Whether a check of the launch had the time to move the switch: without tags, one that tried.

    What cannot record the move of a switch leaves it where the tag says, until it is about to fire.
    """
    return any(
        check.completed
        and check.decision == "wait"
        and check.launch == firing.launch
        and check.state_at_start in ALIVE
        and check.started_at > since
        and check.described_at is not None
        and not any(
            truth.record.lacks(right, firing.due_at) for right in (Right.CREATE_SCHEDULE, Right.UPDATE_SCHEDULE)
        )
        and check.ended_at is not None
        and check.ended_at < firing.due_at
        and (check.kinds["put_deadline_switch"] or not truth.record.lacks(Right.TAG, check.ended_at))
        for check in truth.record.checks
    )


def a_persistent_request_launches_nothing_unwatched(truth: Truth) -> Iterator[Found]:
    """The monitor terminates no persistent spot instance without cancelling its request."""
    if truth.record.orphan_launched_by == "monitor":
        yield Found(truth.record.finished_at, "the spot request launched another instance, which nobody watches")


def a_stopped_instance_is_kept(truth: Truth) -> Iterator[Found]:
    """A stopped instance is terminated after the days that were asked for, or where its own outcome says terminate."""
    days = truth.settings.terminate_after_days
    for at, launch, check in truth.record.terminated_stopped:
        since = launch.left_running_at
        early = days is None or since is None or at < whole_seconds(since) + days * DAY
        if truth.may_hide_a_marker(launch, check.looked_at or at):
            continue
        # A marker that was recorded may be taken away while the instance is on hold; a refused ending stays due.
        recorded = [tagging.at for tagging in truth.recorded(launch) if tagging.at <= at]
        finishes = [finish for look in (check.looked_at or at, *recorded) if (finish := truth.finish(launch, look))]
        readings = [reading for finish in finishes for reading in finish.readings()]
        declared = any(truth.due_of(launch, reading, at).action is Action.TERMINATE for reading in readings)
        deadline = truth.deadline(launch)
        declared |= deadline is not None and at >= deadline and truth.settings.on_deadline is Action.TERMINATE
        hung = bool({Outcome.IDLE, Outcome.STALLED} & truth.refused_before(launch, at))
        declared |= hung and truth.settings.on_failure is Action.TERMINATE
        if early and not declared and check.state_at_start not in ALIVE:
            yield Found(at, "a stopped instance was terminated before its time")


def force_is_for_what_is_stuck(truth: Truth) -> Iterator[Found]:
    """A stop is forced only when the instance has been stopping for ten minutes, and its training has had its time."""
    for at, launch in truth.record.forced:
        since = at if launch.left_running_at is None else launch.left_running_at
        if at - whole_seconds(since) < truth.stuck_after:
            yield Found(at, f"forced after {(at - since) / SECOND:.0f} s")


SAFETY = (
    every_ending_has_a_cause,
    grace_is_given_in_full,
    the_outcome_is_true,
    no_upload_is_lost,
    holds_are_respected,
    endings_are_as_declared,
    a_signalled_training_gets_its_time,
    the_switch_spares_what_may_run,
    a_persistent_request_launches_nothing_unwatched,
    a_stopped_instance_is_kept,
    force_is_for_what_is_stuck,
)
