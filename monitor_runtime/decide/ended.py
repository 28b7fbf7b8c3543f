"""1. The rules for an instance that does not run any more: finish the ending, record it, notify."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.lateness import INTERRUPTION
from monitor_runtime.contract.memory import SPOT_REASON, STOP, Memory, Refusable
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.case import Case
from monitor_runtime.decide.completed import verdict
from monitor_runtime.decide.decisions import Decision, End, ForceStop, Over, Refused, Settle, TerminateStopped
from monitor_runtime.decide.observation import Observation, Unknown

STUCK_AFTER = timedelta(minutes=10)
SHUTDOWN_MARGIN = timedelta(minutes=2)
FOUND = "instance found"
"""How the reason of every ending begins that the monitor did not make itself."""
DENIED_FOR_GOOD = timedelta(hours=1)
"""If S3 still denies access so long after a stop, there will be no answer."""


def not_running(settings: Settings, seen: Observation, now: datetime, *, notifies: bool) -> Decision:
    """What is left to do for an instance that was ended, by whomever."""
    instance, memory = seen.instance, seen.memory
    if instance.state is InstanceState.STOPPING:
        return _stuck(settings, instance, memory, now) or Over("instance is stopping", _unnoticed(instance, memory))
    if instance.state not in {InstanceState.STOPPED, InstanceState.TERMINATED}:
        return Over(f"instance is {instance.state}")
    recorded = memory.ended_as
    if recorded is None and memory.released_at:
        reason = f"instance is {instance.state}: released {format_time(memory.released_at)}"
        return Settle(None, reason, record=False) if memory.armed else Over(reason)
    if recorded is None or (memory.is_provisional and not memory.released_at):
        return _unrecorded(settings, seen, now)
    due = _termination_due(settings, instance, memory, recorded, now) or _kept_long_enough(
        settings, instance, memory, now
    )
    if (notifies and not memory.notified) or memory.armed:
        return Settle(recorded, memory.reason, record=False, then=due)
    return due or Over(f"instance is {instance.state}: {recorded}")


def _stuck(settings: Settings, instance: Instance, memory: Memory, now: datetime) -> Decision | None:
    """The training has its own time to shut down before the stop is forced."""
    since = _stopping_since(instance, memory)
    patience = max(STUCK_AFTER, timedelta(seconds=settings.shutdown_timeout_seconds) + SHUTDOWN_MARGIN)
    if since is None or now - since <= patience:
        return None
    reason = f"stopping since {format_time(since)}"
    if memory.is_refused(Refusable.FORCE, now):
        return Refused(memory.outcome, reason)
    return ForceStop(reason)


def _stopping_since(instance: Instance, memory: Memory) -> datetime | None:
    """When the stop began: EC2 says no time of one from inside, which counts from when it was first seen."""
    ended_by_us = memory.ended_at if memory.ended_as and not memory.is_provisional else None
    return instance.state_changed_at or ended_by_us or memory.noticed_before(STOP)


def _unnoticed(instance: Instance, memory: Memory) -> str:
    return "" if _stopping_since(instance, memory) else STOP


def _unrecorded(settings: Settings, seen: Observation, now: datetime) -> Decision:
    """The instance ended without the monitor, or a check was cut off: the outcome follows from S3 and the clock."""
    instance, memory = seen.instance, seen.memory
    sources = (seen.objects, seen.marker_body, seen.checkpoints, seen.uploads)
    since = _stopping_since(instance, memory)
    patient = since is None or now - since < DENIED_FOR_GOOD
    silent = [part for part in sources if isinstance(part, Unknown) and (patient or not part.permanent)]
    if silent and instance.state is InstanceState.STOPPED:
        reason = f"instance is stopped; its outcome waits for S3: {silent[0].cause}"
        return Over(reason, _unnoticed(instance, memory))
    outcome, evidence = _outcome(settings, seen, now)
    reason = f"{FOUND} {instance.state}; {evidence}"
    can_terminate = instance.state is InstanceState.STOPPED and not memory.hold.until
    terminates = can_terminate and _action(settings, outcome) is Action.TERMINATE
    if outcome is memory.ended_as and (memory.notified or memory.reason.startswith(SPOT_REASON)):
        due = _terminate_stopped(memory, reason, now) if terminates else None
        return Settle(outcome, reason, record=True, is_news=False, then=due)
    if not terminates:
        return Settle(outcome, reason, record=True)
    if memory.is_refused(outcome, now):
        return Settle(outcome, reason, record=True, then=Refused(outcome, reason))
    since = since or now
    return End(outcome, Action.TERMINATE, reason, since, since)


def _outcome(settings: Settings, seen: Observation, now: datetime) -> tuple[Outcome, str]:
    """What was recorded while the instance ran stays, unless a complete run's work came or went, or the run went on."""
    memory, recorded = seen.memory, seen.memory.ended_as
    if recorded is None or _went_on(seen):
        return _worked_out(settings, seen, now)
    if recorded in {Outcome.SUCCEEDED, Outcome.UNVERIFIED} and seen.completion and not _failed_on_its_way_out(seen):
        return _worked_out(settings, seen, now)
    return recorded, memory.evidence


def _failed_on_its_way_out(seen: Observation) -> bool:
    """Whether a complete run's failure marker came of the shutdown itself."""
    found, since = seen.completion, seen.instance.state_changed_at
    return bool(found and found.outcome is Outcome.FAILED and since and found.modified_at >= since)


def _went_on(seen: Observation) -> bool:
    """Whether the run was still at work when its outcome was recorded, and went on.

    What a training writes while EC2 takes its instance back ends nothing.
    """
    memory, written_at = seen.memory, seen.completion.modified_at if seen.completion else None
    if memory.ended_as in {Outcome.STALLED, Outcome.IDLE}:
        return written_at is not None
    if memory.ended_as is not Outcome.INTERRUPTED or memory.ended_at is None:
        return False
    over = memory.ended_at + INTERRUPTION
    return any(moment and moment >= over for moment in (written_at, seen.instance.state_changed_at))


def _worked_out(settings: Settings, seen: Observation, now: datetime) -> tuple[Outcome, str]:
    instance, launched_at = seen.instance, seen.instance.launched_at
    if seen.completion and launched_at:
        return verdict(Case(settings, seen, seen.memory, seen.completion, launched_at, now), seen.completion)
    due = deadline(settings, launched_at) if launched_at else None
    if due and instance.state_changed_at and instance.state_changed_at >= due:
        return Outcome.DEADLINE, f"its deadline was {format_time(due)}"
    undated = due and not instance.state_changed_at and now >= due
    when = f"; since when is not known, its deadline was {format_time(due)}" if undated and due else ""
    unseen = f"; S3 unknown: {seen.objects.cause}" if isinstance(seen.objects, Unknown) else ""
    return Outcome.INTERRUPTED, f"the run was not complete{when}{unseen}"


def _action(settings: Settings, outcome: Outcome) -> Action:
    """What was declared for an outcome; nothing was for one that leaves the work in doubt."""
    declared = {
        Outcome.SUCCEEDED: settings.on_complete,
        Outcome.FAILED: settings.on_failure,
        Outcome.STALLED: settings.on_failure,
        Outcome.IDLE: settings.on_failure,
        Outcome.DEADLINE: settings.on_deadline,
    }
    return declared.get(outcome, Action.REPORT)


def _termination_due(
    settings: Settings, instance: Instance, memory: Memory, recorded: Outcome, now: datetime
) -> TerminateStopped | Refused | None:
    """What stopped by itself, and could not be terminated then: EC2 refused it, or it was on hold."""
    due = memory.reason.startswith(FOUND) and _action(settings, recorded) is Action.TERMINATE
    if instance.state is not InstanceState.STOPPED or not due or memory.hold.until:
        return None
    return _terminate_stopped(memory, memory.reason, now)


def _kept_long_enough(
    settings: Settings, instance: Instance, memory: Memory, now: datetime
) -> TerminateStopped | Refused | None:
    """Only what succeeded is removed later: the disk of every other run may have what is nowhere else."""
    since = instance.state_changed_at or memory.ended_at
    kept = memory.outcome is not Outcome.SUCCEEDED or instance.state is not InstanceState.STOPPED
    if kept or not settings.terminate_after_days or since is None:
        return None
    if memory.hold.until or now - since < timedelta(days=settings.terminate_after_days):
        return None
    days = settings.terminate_after_days
    reason = f"stopped since {format_time(since)}, kept for {days} {'day' if days == 1 else 'days'}"
    return _terminate_stopped(memory, reason, now)


def _terminate_stopped(memory: Memory, reason: str, now: datetime) -> TerminateStopped | Refused:
    if memory.is_refused(Refusable.TERMINATE_STOPPED, now):
        return Refused(memory.outcome, reason)
    return TerminateStopped(reason)
