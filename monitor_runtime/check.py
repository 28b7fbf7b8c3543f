"""One check of one run: observe, decide, act, and make sure that the next check comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor_runtime.act.carry_out import carry_out
from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.deadline_switch import arm
from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.act.follow_up import Recheck, await_next, soonest
from monitor_runtime.act.recording import notice
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.triggers import TriggerKind
from monitor_runtime.decide.decide import INTERRUPTION, decide, decide_unseen
from monitor_runtime.decide.decisions import OVER, Decision, End, Interrupt, Over, Refused, Settle, Wait, decision_word
from monitor_runtime.decide.next_check import LEAD, MAX_WAIT_SECONDS
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.observe.observe import find_run, observe


def check(
    context: CheckContext,
    *,
    instances: Sequence[Instance] | None = None,
    warned_instance_id: str = "",
    may_wait: bool = True,
) -> None:
    """Check until nothing more is due within this invocation; what happened is in ``context.report``.

    ``instances``: those that an event is about, as its look-up described them a moment ago; it saves a call.
    ``warned_instance_id``: the spot instance that EC2 is about to take back.

    Raises:
        EndingFailedError: when an instance could not be ended; the others were looked after.
    """
    waiting_left = MAX_WAIT_SECONDS if may_wait else 0.0
    while True:
        now = context.clock.now()
        found = find_run(context.cloud, context.settings) if instances is None else instances
        context.report.checks += 1
        failures: list[EndingFailedError] = []
        rechecks = _rechecks(context, found, now, failures, warned_instance_id)
        if not rechecks:
            return
        recheck = soonest(rechecks)
        can_wait = min(waiting_left, context.spare_seconds()) if recheck.inside else 0.0
        waited = await_next(context, recheck, now, can_wait)
        if failures:
            raise failures[0]
        if waited is None:
            return
        waiting_left -= waited
        instances = None


def _rechecks(
    context: CheckContext,
    found: Sequence[Instance] | Unknown,
    now: datetime,
    failures: list[EndingFailedError],
    warned_instance_id: str,
) -> list[Recheck]:
    """Look after each instance; when each wants to be looked at again. What cannot be ended goes to ``failures``."""
    if isinstance(found, Unknown):
        unseen = decide_unseen(found)
        _describe(context, unseen)
        context.report.problem(found.cause)
        return [Recheck(unseen.recheck_at)]
    if not found:
        _describe(context, Over("the run has no instance"))
    if len(on := [each.instance_id for each in found if each.state in ON]) > 1:
        context.report.problem(f"the run has {len(on)} live instances: {', '.join(on)}; each is watched and ended")
    rechecks: list[Recheck] = []
    for instance in found:
        warned = instance.instance_id == warned_instance_id
        try:
            recheck = _look_after(context, instance, now, interruption_warned=warned)
        except EndingFailedError as error:
            failures.append(error)
            # Lambda makes the check once more, a minute after its error; then it is the heartbeat's turn.
            recheck = Recheck(None, inside=False)
        rechecks += [recheck] if recheck else []
        if instance is not found[-1] and context.report.decision != OVER:
            context.report.note(f"{instance.instance_id}: {context.report.decision}: {context.report.reason}")
    return rechecks


def _look_after(
    context: CheckContext, instance: Instance, now: datetime, *, interruption_warned: bool
) -> Recheck | None:
    seen = observe(
        context.cloud, context.settings, instance, now, context.clock, interruption_warned=interruption_warned
    )
    decision = decide(context.settings, seen, now, notifies=context.notifies)
    _describe(context, decision, seen)
    if isinstance(decision, Wait):
        notice(context, instance, seen)
        if instance.launched_at and not seen.memory.may_be_going(now):
            arm(context, instance, seen.memory, instance.launched_at, now)
        noticed = seen.completion and seen.memory.first_noticed(seen.completion.modified_at)
        planned = bool(noticed) and context.report.trigger == TriggerKind.S3_EVENT
        return Recheck(decision.recheck_at, planned=planned)
    if isinstance(decision, Over):
        return None
    carry_out(context, instance, seen.memory, decision)
    return _after(context, instance, decision)


def _after(context: CheckContext, instance: Instance, decision: Decision) -> Recheck | None:
    """After what leaves the instance running: EC2 may not take it after all, a reported run still has a deadline."""
    now = context.clock.now()
    if isinstance(decision, Interrupt):
        return Recheck(now + INTERRUPTION + LEAD, inside=False)
    if isinstance(decision, End) and decision.action is Action.REPORT and instance.launched_at:
        due = deadline(context.settings, instance.launched_at)
        return Recheck(due if due and due > now else None, inside=False)
    return None


def _describe(context: CheckContext, decision: Decision, seen: Observation | None = None) -> None:
    """Of several instances, the last one's decision is the run's."""
    report = context.report
    report.instance = seen.instance if seen else None
    report.decision = decision_word(decision)
    report.reason = decision.reason
    report.next_check_at = None
    report.outcome = decision.outcome if isinstance(decision, End | Interrupt | Settle | Refused) else None
    if seen is None:
        return
    for source in (seen.objects, seen.marker_body, seen.checkpoints, seen.uploads, seen.metric_maxima):
        if isinstance(source, Unknown):
            report.problem(source.cause)
    if seen.memory.hold.problem:
        report.problem(seen.memory.hold.problem)
    for key in seen.stale_markers:
        report.note(f"{key} is older than the launch: ignored")
