"""What to do about a run, decided from what was seen alone: a pure function, read from top to bottom.

The numbers of the rules, here and in the modules that have some of them, are those of ``docs/how-a-run-ends.md``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor_runtime.cloud.values import ON
from monitor_runtime.contract.deadline import LAST_LOOK
from monitor_runtime.contract.lateness import INTERRUPTION
from monitor_runtime.contract.memory import ONLY_STARTED_AGAIN, SPOT_REASON
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.case import Case, end, look_again, wait, wait_for
from monitor_runtime.decide.completed import (
    RECHECK_UNVERIFIED,
    complete_at_deadline,
    failure,
    own_action,
    success,
    unread_marker,
    verdict,
)
from monitor_runtime.decide.decisions import Decision, End, Interrupt, Over, Refused, Wait
from monitor_runtime.decide.ended import not_running
from monitor_runtime.decide.idle import idle_reason
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.decide.sign_of_life import stops_again_at
from monitor_runtime.decide.stalled import stall_reason, stalls_at


def decide(settings: Settings, seen: Observation, now: datetime, *, notifies: bool = False) -> Decision:
    """The first rule that applies. ``notifies``: whether the monitor has a topic.

    A report, which a topic may refuse for good, keeps back nothing that a later rule asks for.
    """
    if seen.instance.launched_at is None or seen.instance.state not in ON:
        return not_running(settings, seen, now, notifies=notifies)
    case = Case(settings, seen, seen.memory, seen.completion, seen.instance.launched_at, now)
    reported: End | None = None
    for rule in _RULES:
        decision = rule(case)
        if isinstance(decision, End) and decision.action is Action.REPORT:
            reported = reported or decision
        elif isinstance(decision, End):
            return decision
        elif decision:
            return _beside(reported, decision)
    return _beside(reported, _training(case))


def _beside(reported: End | None, decision: Decision) -> Decision:
    return replace(reported, then=decision) if reported and isinstance(decision, Wait | Refused) else decision


def decide_unseen(instances: Unknown) -> Wait:
    """Nothing is known of the run, not even when its backoff began: the heartbeat looks again."""
    return Wait(f"EC2 unknown: {instances.cause}", None)


def _interruption(case: Case) -> Decision | None:
    """2. EC2 takes the instance back in about two minutes: what the training writes on its way out ends nothing.

    It is no news of an instance that Pulumi is removing.
    """
    memory = case.memory
    recorded = memory.outcome and memory.reason.startswith(SPOT_REASON)
    if recorded and memory.ended_at and case.now - memory.ended_at < INTERRUPTION:
        return Over("spot interruption already recorded")
    if not case.seen.interruption_warned or memory.may_be_going(case.now):
        return None
    if case.completion and isinstance(case.seen.marker_body, Unknown):
        unread = f"{case.completion.evidence} cannot be read: {case.seen.marker_body.cause}"
        return Interrupt(Outcome.INTERRUPTED, f"{SPOT_REASON}: {unread}", signal_first=False)
    if case.completion:
        outcome, evidence = verdict(case, case.completion)
        return Interrupt(outcome, f"{SPOT_REASON}: {evidence}", signal_first=False)
    return Interrupt(Outcome.INTERRUPTED, f"{SPOT_REASON} warning", signal_first=True)


def is_over(warned_at: datetime, launched_at: datetime | None, now: datetime) -> bool:
    """Whether a spot warning of then has nothing more to say: the interruption is over, or was an earlier launch's."""
    return now - warned_at >= INTERRUPTION or (launched_at is not None and warned_at < launched_at)


def _hold(case: Case) -> Decision | None:
    """3. Somebody asked for time."""
    until = case.memory.hold.until
    return Wait(f"on hold until {format_time(until)}", until) if until else None


def _deadline(case: Case) -> Decision | None:
    """4. The time is used up. What was complete before ends as what it is; S3 is asked, and not waited for.

    Only a completion that the tags remember, and that S3 does not confirm now, has its last look too. A refused ending
    keeps the outcome that it had; where the deadline is only reported, unverified work waits for S3.
    """
    due, memory = case.deadline, case.memory
    if due is None or case.now < due:
        return None
    if completed := complete_at_deadline(case):
        return completed
    refused = memory.refused_count and not memory.outcome_before
    kept = own_action(case.settings, memory.outcome) if refused and memory.outcome else None
    if isinstance(case.seen.objects, Unknown) and (memory.noticed or kept) and case.now < due + LAST_LOOK:
        remembered = memory.noticed or memory.evidence
        return wait(case, f"{remembered}, S3 unknown: {case.seen.objects.cause}", case.now + RECHECK_UNVERIFIED)
    if kept and _is_spared(case):
        return None
    return end(
        case,
        memory.outcome if kept and memory.outcome else Outcome.DEADLINE,
        kept or case.settings.on_deadline,
        memory.evidence if kept else f"deadline {format_time(due)} passed",
        due_since=due,
        evidence_at=due,
        signal_first=kept is None,
    )


def _is_spared(case: Case) -> bool:
    """Whether what is to be ended is unverified, and the deadline only reported: nothing presses."""
    return case.memory.outcome is Outcome.UNVERIFIED and case.last_look is None


def _unknown_objects(case: Case) -> Decision | None:
    """What is not known blocks every ending that it could change."""
    if isinstance(case.seen.objects, Unknown):
        return wait_for(case, case.seen.objects, f"S3 unknown: {case.seen.objects.cause}")
    return unread_marker(case)


def _started_again(case: Case) -> Decision | None:
    """8. The training had finished in an earlier launch, and does nothing in this one: stopped, never terminated.

    It is not taken for one that has stalled or idles, either of which may terminate.
    """
    before, sign, due = case.memory.outcome_before, case.seen.sign_of_life, stops_again_at(case.settings, case.seen)
    if before is None or due is None or case.completion:
        return None
    reason = f"{before} in an earlier launch, and {ONLY_STARTED_AGAIN}"
    if case.now < due or isinstance(sign, Unknown):
        return look_again(case, f"{reason}: stopped at {format_time(due)}", due)
    if sign is None or sign.is_of(case.launched_at):
        return None
    return end(case, before, Action.STOP, reason, due_since=due, evidence_at=due, signal_first=True, climbs=False)


def _stalled(case: Case) -> Decision | None:
    """9. What it writes while it makes progress has not come for too long."""
    return _hung(case, Outcome.STALLED, stall_reason(case.settings.stalled, case.seen.progress, case.now))


def _idle(case: Case) -> Decision | None:
    """10. Nobody trains any more and nothing says why."""
    return _hung(case, Outcome.IDLE, idle_reason(case.settings.idle, case.launched_at, case.seen.metric_maxima))


def _hung(case: Case, outcome: Outcome, reason: str | None) -> Decision | None:
    """Handled like a failure, unless something says that the run is complete."""
    if reason is None or case.completion:
        return None
    action, now = case.settings.on_failure, case.now
    return end(case, outcome, action, reason, due_since=now, evidence_at=now, signal_first=True)


def _training(case: Case) -> Wait:
    """11. Nothing ends the run."""
    unmet = f", incomplete: {case.seen.unmet[0]}" if case.seen.unmet else ""
    return look_again(case, f"training{unmet}", stalls_at(case.seen.progress))


_RULES = (
    _interruption,
    _hold,
    _deadline,
    _unknown_objects,
    failure,
    success,
    _started_again,
    _stalled,
    _idle,
)
