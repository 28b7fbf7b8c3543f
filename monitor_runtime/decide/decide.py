"""What to do about a run, decided from what was seen alone: a pure function, read from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor_runtime.cloud.values import ON, Instance, InstanceState
from monitor_runtime.contract.backoff import next_due
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.completion import Completion
from monitor_runtime.decide.decisions import (
    Decision,
    End,
    ForceStop,
    Interrupt,
    Over,
    Refused,
    Settle,
    TerminateStopped,
    Wait,
)
from monitor_runtime.decide.idle import is_idle
from monitor_runtime.decide.memory import Memory, Refusable
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.decide.verification import verification_gap

MAX_REFUSALS = 3
STUCK_AFTER = timedelta(minutes=10)
INTERRUPTION = timedelta(minutes=5)
"""From the warning to the end, with a margin: an instance that still runs then is watched as before."""
SPOT_REASON = "spot interruption"
"""How the reason of every ending by EC2 begins, which distinguishes it from an ending that was reported or refused."""
DENIED_FOR_GOOD = timedelta(hours=1)
"""If S3 still denies access so long after a stop, there will be no answer."""
RECHECK_UNVERIFIED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Case:
    """A running instance: the observation, and what most rules ask of it."""

    settings: Settings
    seen: Observation
    memory: Memory
    completion: Completion | None
    launched_at: datetime
    now: datetime


def decide(settings: Settings, seen: Observation, now: datetime, *, notifies: bool = False) -> Decision:
    """The first rule that applies. ``notifies``: whether the monitor has a topic."""
    if seen.instance.launched_at is None or seen.instance.state not in ON:
        return _not_running(settings, seen, seen.instance, now, notifies=notifies)
    case = _Case(settings, seen, seen.memory, seen.completion, seen.instance.launched_at, now)
    return (
        _interruption(case)
        or _hold(case)
        or _deadline(case)
        or _unknown_objects(case)
        or _failure(case)
        or _success(case)
        or _idle(case)
        or _next_check(case)
    )


def decide_unseen(instances: Unknown) -> Wait:
    """Nothing is known of the run, not even when its backoff began: the heartbeat looks again."""
    return Wait(f"EC2 unknown: {instances.cause}", None)


def _verdict(settings: Settings, seen: Observation, found: Completion, launched_at: datetime) -> tuple[Outcome, str]:
    """Outcome and evidence of a completion that there is no more time to verify."""
    gap = verification_gap(settings, seen, launched_at) if found.outcome is Outcome.SUCCEEDED else None
    if gap is None:
        return found.outcome, found.evidence
    return Outcome.UNVERIFIED, f"{found.evidence}, but {gap.cause if isinstance(gap, Unknown) else gap}"


def _not_running(
    settings: Settings, seen: Observation, instance: Instance, now: datetime, *, notifies: bool
) -> Decision:
    """1. There is no training any more; what is left is to finish the ending, to record it and to notify."""
    if instance.state is InstanceState.STOPPING:
        return _stuck(instance, seen.memory, now) or Over("instance is stopping")
    if instance.state not in {InstanceState.STOPPED, InstanceState.TERMINATED}:
        return Over(f"instance is {instance.state}")
    recorded = seen.memory.outcome
    if recorded is None and seen.memory.released_at:
        reason = f"instance is {instance.state}: released {format_time(seen.memory.released_at)}"
        return Settle(None, reason, record=False) if seen.memory.armed else Over(reason)
    if recorded is None:
        return _unrecorded(settings, seen, instance, now)
    if (notifies and not seen.memory.notified) or seen.memory.armed:
        return Settle(recorded, seen.memory.reason, record=False)
    return _kept_long_enough(settings, instance, seen.memory, now) or Over(f"instance is {instance.state}: {recorded}")


def _stuck(instance: Instance, memory: Memory, now: datetime) -> Decision | None:
    since = instance.state_changed_at or memory.ended_at
    if since is None or now - since <= STUCK_AFTER:
        return None
    reason = f"stopping since {format_time(since)}"
    if memory.refusals(Refusable.FORCE) >= MAX_REFUSALS:
        return Refused(memory.outcome, reason)
    return ForceStop(reason)


def _unrecorded(settings: Settings, seen: Observation, instance: Instance, now: datetime) -> Decision:
    """The instance ended without the monitor, or a check was cut off: the outcome follows from S3 and the clock."""
    sources = (seen.objects, seen.marker_body, seen.checkpoints, seen.uploads)
    patient = instance.state_changed_at is not None and now - instance.state_changed_at < DENIED_FOR_GOOD
    silent = [part for part in sources if isinstance(part, Unknown) and (patient or not part.permanent)]
    if silent and instance.state is InstanceState.STOPPED:
        return Over(f"instance is stopped; its outcome waits for S3: {silent[0].cause}")
    if seen.completion and instance.launched_at:
        outcome, evidence = _verdict(settings, seen, seen.completion, instance.launched_at)
        return Settle(outcome, f"{evidence}; instance found {instance.state}", record=True)
    due = deadline(settings, instance.launched_at) if instance.launched_at else None
    if due and (instance.state_changed_at or now) >= due:
        return Settle(Outcome.DEADLINE, f"deadline {format_time(due)}; instance found {instance.state}", record=True)
    unseen = f"; S3 unknown: {seen.objects.cause}" if isinstance(seen.objects, Unknown) else ""
    reason = f"instance found {instance.state} before the run was complete{unseen}"
    return Settle(Outcome.INTERRUPTED, reason, record=True)


def _kept_long_enough(settings: Settings, instance: Instance, memory: Memory, now: datetime) -> Decision | None:
    since = instance.state_changed_at or memory.ended_at
    if instance.state is not InstanceState.STOPPED or not settings.terminate_after_days or since is None:
        return None
    if memory.outcome is Outcome.UNVERIFIED:
        return Over("instance is stopped, and kept: its disk may have what could not be verified")
    if memory.hold.until or now - since < timedelta(days=settings.terminate_after_days):
        return None
    days = settings.terminate_after_days
    reason = f"stopped since {format_time(since)}, kept for {days} {'day' if days == 1 else 'days'}"
    if memory.refusals(Refusable.TERMINATE_STOPPED) >= MAX_REFUSALS:
        return Refused(memory.outcome, reason)
    return TerminateStopped(reason)


def _interruption(case: _Case) -> Decision | None:
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
        outcome, evidence = _verdict(case.settings, case.seen, case.completion, case.launched_at)
        return Interrupt(outcome, f"{SPOT_REASON}: {evidence}", signal_first=False)
    return Interrupt(Outcome.INTERRUPTED, f"{SPOT_REASON} warning", signal_first=True)


def is_over(warned_at: datetime, launched_at: datetime | None, now: datetime) -> bool:
    """Whether a spot warning of then has nothing more to say: the interruption is over, or was an earlier launch's."""
    return now - warned_at >= INTERRUPTION or (launched_at is not None and warned_at < launched_at)


def _hold(case: _Case) -> Decision | None:
    """3. Somebody asked for time."""
    until = case.memory.hold.until
    return Wait(f"on hold until {format_time(until)}", until) if until else None


def _deadline(case: _Case) -> Decision | None:
    """4. The budget is used up, whatever is or is not in S3."""
    due = deadline(case.settings, case.launched_at)
    if due is None or case.now < due:
        return None
    reason = f"deadline {format_time(due)} passed"
    return _end(
        case, Outcome.DEADLINE, case.settings.on_deadline, reason, due_since=due, evidence_at=due, signal_first=True
    )


def _unknown_objects(case: _Case) -> Decision | None:
    """What is not known blocks every ending that it could change."""
    if isinstance(case.seen.objects, Unknown):
        return _wait_for(case, case.seen.objects, f"S3 unknown: {case.seen.objects.cause}")
    if case.completion and isinstance(case.seen.marker_body, Unknown) and not case.seen.marker_body.permanent:
        reason = f"{case.completion.evidence} cannot be read yet: {case.seen.marker_body.cause}"
        return _wait_for(case, case.seen.marker_body, reason)
    return None


def _in_grace(case: _Case) -> Wait | None:
    """Until its grace period is over, a completion waits for the last logs and checkpoints to arrive."""
    found = case.completion
    if found is None or case.now >= found.grace_over(case.settings):
        return None
    grace_over = found.grace_over(case.settings)
    return _wait(case, f"{found.evidence}: grace period until {format_time(grace_over)}", grace_over)


def _failure(case: _Case) -> Decision | None:
    """5. The training failed; its log has the grace period to arrive."""
    found = case.completion
    if found is None or found.outcome is not Outcome.FAILED:
        return None
    return _in_grace(case) or _end(
        case,
        Outcome.FAILED,
        case.settings.on_failure,
        found.evidence,
        due_since=found.grace_over(case.settings),
        evidence_at=found.since,
    )


def _success(case: _Case) -> Decision | None:
    """6 and 7. The training is complete: grace, then verification, then the ending."""
    found = case.completion
    if found is None or found.outcome is not Outcome.SUCCEEDED:
        return None
    return _in_grace(case) or _verified(case, found)


def _verified(case: _Case, found: Completion) -> Decision | None:
    """The ending of a completed run; as unverified, and never terminated, when it cannot be relied on in time."""
    action, grace_over = case.settings.on_complete, found.grace_over(case.settings)
    gap = verification_gap(case.settings, case.seen, case.launched_at)
    if gap is None:
        return _end(case, Outcome.SUCCEEDED, action, found.evidence, due_since=grace_over, evidence_at=found.since)
    if isinstance(gap, Unknown):
        return _wait_for(case, gap, f"verification unknown: {gap.cause}")
    reason = f"{found.evidence}, but {gap}"
    give_up = grace_over + timedelta(seconds=case.settings.verify_timeout_seconds)
    if case.now < give_up:
        return _wait(case, reason, min(give_up, case.now + RECHECK_UNVERIFIED))
    action = Action.STOP if action is Action.TERMINATE else action
    return _end(case, Outcome.UNVERIFIED, action, reason, due_since=give_up, evidence_at=found.since)


def _idle(case: _Case) -> Decision | None:
    """8. Nobody trains any more and nothing says why: handled like a failure."""
    idle = case.settings.idle
    if case.completion or idle is None or not is_idle(idle, case.seen.metric_maxima):
        return None
    reason = f"{idle.metric} under {idle.threshold:g} for {idle.minutes} minutes"
    return _end(
        case,
        Outcome.IDLE,
        case.settings.on_failure,
        reason,
        due_since=case.now,
        evidence_at=case.now,
        signal_first=True,
    )


def _next_check(case: _Case, reason: str = "training") -> Wait:
    """9. Look again when the backoff says so; from its longest interval on, the heartbeat does that by itself."""
    due = next_due(case.settings, case.launched_at, case.now)
    early = due.interval_seconds < case.settings.max_interval_seconds
    return _wait(case, reason, due.at if early else None)


def _wait_for(case: _Case, source: Unknown, reason: str) -> Wait:
    """A source that fails is asked again when it would be if it worked; one that throttles, by the heartbeat alone."""
    return _wait(case, reason, None) if source.throttled else _next_check(case, reason)


def _wait(case: _Case, reason: str, recheck_at: datetime | None) -> Wait:
    """Wait, but never past the deadline."""
    due = deadline(case.settings, case.launched_at)
    moments = [moment for moment in (recheck_at, due) if moment and moment > case.now]
    return Wait(reason, min(moments, default=None))


def _end(
    case: _Case,
    outcome: Outcome,
    action: Action,
    reason: str,
    *,
    due_since: datetime,
    evidence_at: datetime,
    signal_first: bool = False,
) -> Decision | None:
    """The ending, unless it was reported before or refused for good."""
    if action is Action.REPORT:
        if case.memory.outcome:
            return None
        return End(outcome, action, reason, due_since, evidence_at)
    if case.memory.refusals(outcome) >= MAX_REFUSALS:
        return Refused(outcome, reason)
    return End(outcome, action, reason, due_since, evidence_at, signal_first)
