"""How long completed runs wait from the end of their grace period to the call that ends them."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.contract.outcomes import Outcome
from sandbox.simulation.judge.facts import Finish
from sandbox.simulation.judge.safety import outcome_of
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Check, Ending
from sandbox.simulation.world.timeline import SECOND

FOLLOW_UP = 75 * SECOND
"""An event waits for nothing itself, and its follow-up may come so late."""
GRACED = frozenset({Outcome.SUCCEEDED, Outcome.FAILED})


def graced_endings(truth: Truth) -> Iterator[tuple[Ending, float]]:
    """Endings that waited for nothing but the end of grace, each with the seconds from there to its call."""
    for ending in () if truth.record.scenario.machine.protected else truth.record.endings:
        if outcome_of(ending) not in GRACED or not ending.looks:
            continue
        finish = truth.finish(ending.launch, ending.looks[-1])
        if finish is None or finish.dated_back:
            continue
        if truth.may_hide_a_marker(ending.launch, ending.looks[-1]):
            continue
        due = finish.since + truth.grace
        held = any(hold.at < ending.sent_at for hold in truth.record.holds)
        if not held and (finish.outcome is Outcome.FAILED or truth.is_verified(ending.launch, finish, due)):
            yield ending, (ending.sent_at - due) / SECOND


def remembered_since(truth: Truth, launch: Launch, finish: Finish, moment: int) -> int | None:
    """From when the monitor surely counts the grace of a completion that S3 dates back: an undisturbed check saw it.

    It counts from the end of a second, so as to give no part of one too little. Of a marker that was written again, it
    keeps the time of the first one that it saw.
    """
    # What a marker that was taken away had hidden is seen anew: the monitor keeps one completion in mind.
    forgotten_at = max((at for at, _ in truth.record.bucket.removed if at <= moment), default=-1)
    noticed = [
        (check.first_described_at, check.ended_at)
        for check in truth.record.checks
        if check.completed and check.launch == launch.number and check.decision == "wait"
        if check.first_described_at is not None and check.ended_at is not None and check.ended_at <= moment
        if check.first_described_at > forgotten_at
    ]
    for looks in noticed:
        found = [truth.finish(launch, look) for look in looks]
        if all(each and each.since == finish.since and not each.dated_back for each in found):
            return finish.since
    seen = [ended_at for looked_at, ended_at in noticed if truth.finish(launch, looked_at) == finish]
    return -(-min(seen) // SECOND) * SECOND if seen else None


def was_noticed(truth: Truth, ending: Ending, seconds: float) -> bool:
    """Whether a check had seen this very completion, and had been able to plan, before grace was over.

    Not what a marker had hidden that was taken away since.
    """
    due = ending.sent_at - round(seconds * SECOND)
    finish = truth.finish(ending.launch, ending.looks[-1])

    def saw(check: Check) -> bool:
        if check.launch != ending.launch.number or check.looked_at is None or check.first_described_at is None:
            return False
        to_plan = FOLLOW_UP if check.trigger == "s3-event" else 0
        in_time = check.ended_at is not None and check.ended_at + to_plan <= due
        return in_time and truth.finish(ending.launch, check.first_described_at) == finish

    acted = any(tagging.at < ending.at for tagging in truth.recorded(ending.launch))
    hidden = finish and any(finish.since <= at <= ending.sent_at for at, _ in truth.record.bucket.removed)
    return not acted and not hidden and any(saw(check) for check in truth.record.checks)
