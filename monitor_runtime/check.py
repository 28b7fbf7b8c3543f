"""One check of one run: observe, decide, act, and make sure that the next check comes."""

from __future__ import annotations

from datetime import datetime

from monitor_runtime.act.carry_out import carry_out
from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.deadline_switch import arm
from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.act.follow_up import await_next, follow_up
from monitor_runtime.act.recording import notice
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.decide.decide import INTERRUPTION, RECHECK_UNKNOWN, decide
from monitor_runtime.decide.decisions import Decision, End, Interrupt, Over, Refused, Settle, Wait, decision_word
from monitor_runtime.decide.next_check import MAX_WAIT_SECONDS
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.observe.observe import observe


def check(
    context: CheckContext, *, instance: Instance | None = None, interruption_warned: bool = False, may_wait: bool = True
) -> None:
    """Check until nothing more is due within this invocation; what happened is in ``context.report``.

    ``instance``: as an event's look-up described it a moment ago; it saves a call.

    Raises:
        EndingFailedError: when the instance could not be ended.
    """
    waiting_left = MAX_WAIT_SECONDS if may_wait else 0.0
    while True:
        now = context.clock.now()
        seen = observe(
            context.cloud,
            context.settings,
            now,
            context.clock,
            instance=instance,
            interruption_warned=interruption_warned,
        )
        decision = decide(context.settings, seen, now, notifies=context.notifies)
        _describe(context, seen, decision)
        waited = _carry_out(context, seen, decision, now, min(waiting_left, context.spare_seconds()))
        if waited is None:
            return
        waiting_left -= waited
        instance = None


def _carry_out(
    context: CheckContext, seen: Observation, decision: Decision, now: datetime, can_wait_seconds: float
) -> float | None:
    """Returns the seconds waited when there is another check to make in this invocation, else None."""
    if isinstance(decision, Wait):
        if isinstance(seen.instance, Instance) and seen.instance.launched_at:
            notice(context, seen.instance, seen)
            arm(context, seen.instance, seen.memory, seen.instance.launched_at, now)
        return await_next(context, decision.recheck_at, now, can_wait_seconds)
    if isinstance(seen.instance, Instance) and not isinstance(decision, Over):
        try:
            carry_out(context, seen.instance, seen.memory, decision)
        except EndingFailedError:
            follow_up(context, context.clock.now() + RECHECK_UNKNOWN)
            raise
        _look_again(context, seen.instance, decision)
    return None


def _look_again(context: CheckContext, instance: Instance, decision: Decision) -> None:
    """After what leaves the instance running: EC2 may not take it after all, a reported run still has a deadline."""
    now = context.clock.now()
    if isinstance(decision, Interrupt):
        context.report.next_check_at = now + INTERRUPTION
        follow_up(context, now + INTERRUPTION)
    elif isinstance(decision, End) and decision.action is Action.REPORT and instance.launched_at:
        due = deadline(context.settings, instance.launched_at)
        await_next(context, due if due and due > now else None, now, 0.0)


def _describe(context: CheckContext, seen: Observation, decision: Decision) -> None:
    report = context.report
    report.checks += 1
    report.instance = seen.instance
    report.decision = decision_word(decision)
    report.reason = decision.reason
    report.next_check_at = None
    if isinstance(decision, End | Interrupt | Settle | Refused):
        report.outcome = decision.outcome
    sources = (seen.instance, seen.objects, seen.marker_body, seen.checkpoints, seen.uploads, seen.metric_maxima)
    for source in sources:
        if isinstance(source, Unknown):
            report.problem(source.cause)
    if seen.memory.hold.problem:
        report.problem(seen.memory.hold.problem)
    for key in seen.stale_markers:
        report.note(f"{key} is older than the launch: ignored")
