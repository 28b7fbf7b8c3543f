"""One check of one run: observe, decide, act, and make sure that the next check comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.deadline_switch import arm
from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.act.follow_up import Recheck, await_next, soonest
from monitor_runtime.act.recording import note_first_seen, notice, record_tags, remember_progress
from monitor_runtime.act.silent_box import tell_silence
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract.deadline import deadline, last_look
from monitor_runtime.contract.lateness import INTERRUPTION, LEAD
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.triggers import TriggerKind
from monitor_runtime.contract.wording import few
from monitor_runtime.decide.completion import MarkerBody
from monitor_runtime.decide.decide import decide, decide_unseen
from monitor_runtime.decide.decisions import OVER, Decision, End, Interrupt, Over, Refused, Settle, Wait, decision_word
from monitor_runtime.decide.idle import metric_problem
from monitor_runtime.decide.next_check import MAX_WAIT_SECONDS
from monitor_runtime.decide.observation import Observation, Unknown
from monitor_runtime.decide.sign_of_life import silence
from monitor_runtime.lost_instances import look_for_lost, split_lost, tell_lost
from monitor_runtime.observe.observe import find_run, observe
from monitor_runtime.observe.time_budget import within_budget


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
    longest_wait = waiting_left = MAX_WAIT_SECONDS if may_wait else 0.0
    while True:
        now = context.clock.now()
        found = find_run(context.cloud, context.settings) if instances is None else instances
        context.report.checks += 1
        failures: list[EndingFailedError] = []
        rechecks = _rechecks(context, found, now, failures, warned_instance_id)
        if not rechecks:
            return
        recheck = soonest(rechecks)
        waited = await_next(context, recheck, now, _can_wait(context, recheck, waiting_left, longest_wait))
        if failures:
            raise failures[0]
        if waited is None:
            return
        waiting_left -= waited
        instances = None


def _can_wait(context: CheckContext, recheck: Recheck, waiting_left: float, longest_wait: float) -> float:
    """How many seconds of this invocation may be spent on waiting.

    What is completed while a check waits has the end of its grace waited for all the same, as far as that leaves a
    training the time to react to its signal: the marker may go away again.
    """
    if not recheck.inside:
        return 0.0
    spare = context.spare_seconds()
    for_grace = min(longest_wait, spare - context.settings.shutdown_timeout_seconds) if recheck.in_grace else 0.0
    return min(max(waiting_left, for_grace), spare)


def _rechecks(
    context: CheckContext,
    found: Sequence[Instance] | Unknown,
    now: datetime,
    failures: list[EndingFailedError],
    warned_instance_id: str,
) -> list[Recheck]:
    """Look after each instance; when each wants to be looked at again. What cannot be ended goes to ``failures``."""
    if isinstance(found, Unknown):
        return [_unseen(context, found)]
    lost, found = split_lost(found, context.settings.monitor)
    if not found:
        _describe(context, Over("the run has no instance"))
        lost = lost or look_for_lost(context)
    tell_lost(context, lost, now)
    if len(on := [each.instance_id for each in found if each.state in ON]) > 1:
        context.report.problem(f"the run has {len(on)} live instances: {few(on)}; each is watched and ended")
    rechecks: list[Recheck] = []
    for instance in found:
        if instance is not found[0] and context.spare_seconds() < 0:
            context.report.problem(
                f"no time is left for {instance.instance_id}: AWS is slow; the next check looks at it"
            )
            rechecks.append(Recheck(None, inside=False))
            continue
        warned = instance.instance_id == warned_instance_id
        try:
            recheck = _look_after(context, instance, now, interruption_warned=warned)
        except EndingFailedError as error:
            failures.append(error)
            context.report.problem(str(error), Metric.ENDING_FAILURES)
            # Lambda makes the check once more, a minute after its error; then it is the heartbeat's turn.
            recheck = Recheck(None, inside=False)
        rechecks += [recheck] if recheck else []
        if instance is not found[-1] and context.report.decision != OVER:
            context.report.note(f"{instance.instance_id}: {context.report.decision}: {context.report.reason}")
    return rechecks


def _unseen(context: CheckContext, found: Unknown) -> Recheck:
    unseen = decide_unseen(found)
    _describe(context, unseen)
    context.report.count(Metric.UNSEEN)
    context.report.problem(found.cause, Metric.UNSEEN)
    return Recheck(unseen.recheck_at)


def _look_after(
    context: CheckContext, instance: Instance, now: datetime, *, interruption_warned: bool
) -> Recheck | None:
    instance = _written(context, instance)
    seen, decision = _decided(context, instance, now, interruption_warned=interruption_warned)
    if _asks_memory(context, seen, decision) and context.unrecorded.recall(context.cloud, context.report):
        instance = _written(context, instance)
        seen, decision = _decided(context, instance, now, interruption_warned=interruption_warned)
    _describe(context, decision, seen)
    recheck = _acted(context, seen.instance, seen, decision, now)
    return recheck or (Recheck(None) if context.unrecorded.changed else None)


def _written(context: CheckContext, instance: Instance) -> Instance:
    """The instance with the tags that an earlier check could not write, which are tried again."""
    context.unrecorded.drop_overtaken(instance)
    if carried := context.unrecorded.newer_than(instance):
        instance = context.unrecorded.overlaid(instance)
        record_tags(context, instance, carried)
    return instance


def _decided(
    context: CheckContext, instance: Instance, now: datetime, *, interruption_warned: bool
) -> tuple[Observation, Decision]:
    cloud = within_budget(context.cloud, context.spare_seconds)
    seen = observe(cloud, context.settings, instance, now, context.clock, interruption_warned=interruption_warned)
    return seen, decide(context.settings, seen, now, notifies=context.notifies)


def _asks_memory(context: CheckContext, seen: Observation, decision: Decision) -> bool:
    """Whether something is about to be done for the first time, as far as the tags tell, that is to be done once.

    What is overdue may have been tried, and refused.
    """
    if isinstance(decision, Wait):
        found = seen.completion
        unnoticed = found is not None and seen.memory.noticed_before(found.recognized_by) is None
        return unnoticed or silence(context.settings, seen) is not None
    if isinstance(decision, End):
        may_be_refused = context.clock.now() - decision.due_since > LEAD
        left_alone = not decision.climbs or decision.action is Action.REPORT
        instance = seen.instance
        return may_be_refused or left_alone or instance.state not in ON or instance.spot_request_id is not None
    return isinstance(decision, Settle | Interrupt) or (isinstance(decision, Over) and bool(decision.first_seen))


def _acted(
    context: CheckContext, instance: Instance, seen: Observation, decision: Decision, now: datetime
) -> Recheck | None:
    if isinstance(decision, Wait):
        notice(context, instance, seen)
        remember_progress(context, instance, seen)
        if instance.launched_at and not seen.memory.may_be_going(now):
            arm(context, instance, seen.memory, instance.launched_at, now)
        tell_silence(context, instance, seen)
        noticed = seen.completion and seen.memory.noticed_before(seen.completion.recognized_by)
        planned = bool(noticed) and context.report.trigger == TriggerKind.S3_EVENT
        in_grace = seen.completion is not None and now < seen.completion.grace_over(context.settings)
        return Recheck(decision.recheck_at, planned=planned, in_grace=in_grace)
    if isinstance(decision, Over):
        if decision.first_seen:
            note_first_seen(context, instance, decision.first_seen, now)
        return None
    runs_on = _carry_out(context, instance, seen, decision, now)
    if (then := _then(decision)) and (runs_on or isinstance(decision, Settle)):
        recheck = _acted(context, instance, seen, then, now)
        # The reply is to say what was reported.
        return recheck and replace(recheck, inside=False)
    return _after(context, instance, decision) if runs_on else None


def _then(decision: Decision) -> Decision | None:
    return decision.then if isinstance(decision, End | Settle) else None


def _carry_out(context: CheckContext, instance: Instance, seen: Observation, decision: Decision, now: datetime) -> bool:
    """Carry a decision out; whether that leaves the instance running.

    A completion by which it ends, and which nobody had seen before, is noticed with it.

    Raises:
        EndingFailedError: when EC2 does not do its part.
    """
    # Most checks wait, and a cold start has no time for what it does not use.
    from monitor_runtime.act.carry_out import carry_out  # noqa: PLC0415

    ended_before = context.report.endings.total()
    try:
        runs_on = carry_out(context, instance, seen.memory, decision, now)
    except EndingFailedError:
        notice(context, instance, seen)
        raise
    if context.report.endings.total() > ended_before and not (runs_on and _then(decision)):
        notice(context, instance, seen, goes_on=runs_on)
    return runs_on


def _after(context: CheckContext, instance: Instance, decision: Decision) -> Recheck:
    """When to look again at what was left running: EC2 may not take it, and what is kept has a deadline.

    What is kept past its deadline is ended by the last look after it.
    """
    now = context.clock.now()
    if isinstance(decision, Interrupt):
        return Recheck(now + INTERRUPTION + LEAD, inside=False)
    launched_at = instance.launched_at
    moments = [when(context.settings, launched_at) for when in (deadline, last_look)] if launched_at else []
    return Recheck(min((moment for moment in moments if moment and moment > now), default=None), inside=False)


def _describe(context: CheckContext, decision: Decision, seen: Observation | None = None) -> None:
    """Of several instances, the last one's decision is the run's."""
    report = context.report
    report.instance = seen.instance if seen else None
    report.decision = decision_word(decision)
    report.reason = decision.reason
    report.action = None
    report.next_check_at = None
    report.unmet = seen.unmet if seen else ()
    report.outcome = decision.outcome if isinstance(decision, End | Interrupt | Settle | Refused) else None
    if seen is None:
        return
    sources = (seen.objects, seen.marker_body, seen.checkpoints, seen.uploads, seen.sign_of_life, seen.progress)
    for source in (*sources, seen.metric_maxima):
        if isinstance(source, Unknown):
            report.problem(source.cause)
    body = seen.marker_body
    if isinstance(body, MarkerBody) and body.not_understood and seen.completion:
        report.problem(f"{seen.completion.evidence}: its body is not understood: {body.not_understood}")
    for problem in (seen.memory.hold.problem, metric_problem(context.settings.idle, seen.metric_maxima)):
        if problem:
            report.problem(problem)
    if stale := seen.stale_markers:
        report.note(f"{few(stale)} {'is' if len(stale) == 1 else 'are'} older than the launch: ignored")
