"""Carrying out a decision: signal, end, clean up, record, notify, in this order, each step noted in the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.deadline_switch import disarm, unrecorded_switch
from monitor_runtime.act.ending import Ended, EndingFailedError, cancel_request, end_instance, with_retries
from monitor_runtime.act.follow_up import drop_follow_up
from monitor_runtime.act.meanwhile import is_ended_by_another, is_overtaken
from monitor_runtime.act.notification import News, notify
from monitor_runtime.act.recording import count_refusal, outcome_tags, record_tags
from monitor_runtime.act.signalling import signal_training
from monitor_runtime.cloud.interface import CloudError, ErrorKind
from monitor_runtime.cloud.values import ON, Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.memory import Memory, Refusable, refused_reason, refused_value, reported_value, unsure
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time
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

_DONE = {Action.STOP: "stopped the instance", Action.TERMINATE: "terminated the instance"}
SPOT_SIGNAL_SECONDS = 90.0
"""EC2 warns about two minutes ahead."""


def carry_out(
    context: CheckContext, instance: Instance, memory: Memory, decision: Decision, looked_at: datetime
) -> bool:
    """Do what was decided about an instance that is there; whether that leaves it running on purpose.

    ``looked_at``: by then it was as it was decided about; where AWS is slow, somebody may have started it again since.

    Raises:
        EndingFailedError: when EC2 does not do its part.
    """
    match decision:
        case End():
            return end(context, instance, memory, decision)
        case Interrupt():
            interrupt(context, instance, memory, decision)
            return True
        case Settle():
            settle(context, instance, memory, decision, looked_at)
        case ForceStop():
            force_stop(context, instance, memory, decision)
        case TerminateStopped():
            terminate_stopped(context, instance, memory, decision)
        case Refused():
            refused(context, decision)
        case Wait() | Over():
            pass
    return False


def end(context: CheckContext, instance: Instance, memory: Memory, decision: End) -> bool:
    """End the run as decided; whether its instance runs on all the same: reported, kept, or overtaken.

    Raises:
        EndingFailedError: when EC2 does not do it.
    """
    if decision.action is Action.REPORT:
        return _report(context, instance, memory, decision)
    if decision.signal_first:
        _signal(context, instance, context.settings.shutdown_timeout_seconds)
    if (decision.signal_first or instance.state not in ON) and is_overtaken(context, instance):
        return True
    called_at = context.clock.now()
    try:
        ended = end_instance(
            context.cloud,
            context.clock,
            instance,
            decision.action,
            context.remaining_seconds,
            climbs=decision.climbs,
        )
    except CloudError as error:
        if error.kind is not ErrorKind.UNSUPPORTED or decision.climbs:
            raise _failure(context, instance, memory, decision, error) from error
        _keep(context, instance, decision, error)
        return True
    context.report.action = ended.action
    if ended.climbed:
        context.report.problem(f"terminated, since it cannot be stopped: {ended.climbed}")
    if not ended.by_us or (ended.in_doubt and is_ended_by_another(context, instance, memory)):
        context.report.note(f"instance was {ended.change.previous} before the call")
        return False
    context.report.note(f"{ended.action} called {format_time(called_at)}")
    _measure(context, decision, called_at)
    _record(context, instance, memory, decision, _disarmed(context, instance, memory), ended_at=called_at)
    drop_follow_up(context)
    _tell(context, instance, decision, _done(ended), ended.change.current)
    return False


def interrupt(context: CheckContext, instance: Instance, memory: Memory, decision: Interrupt) -> None:
    """Signal the training before EC2 takes the instance, and record it. The switch stays: the warning may be vain."""
    if decision.signal_first:
        _signal(context, instance, min(context.settings.shutdown_timeout_seconds, SPOT_SIGNAL_SECONDS))
    context.report.endings[decision.outcome] += 1
    possibly_armed = "" if memory.armed else unrecorded_switch(context, instance)
    unrecorded = {names.TAG_ARMED: unsure(possibly_armed)} if possibly_armed else {}
    tags = outcome_tags(decision.outcome, decision.reason, context.clock.now())
    record_tags(context, instance, {**tags, **unrecorded})
    done = "signalled the training" if decision.signal_first else "left the training alone"
    _tell(context, instance, decision, f"{done}; EC2 takes the instance back", instance.state)


def settle(context: CheckContext, instance: Instance, memory: Memory, decision: Settle, looked_at: datetime) -> None:
    """Do what is left of an ending."""
    is_news = _settled(context, instance, memory, decision, looked_at)
    drop_follow_up(context)
    found = f"found the instance {instance.state}"
    if decision.record and decision.is_news and instance.state is InstanceState.TERMINATED:
        found += _request_cancelled(context, instance)
    if is_news:
        _tell(context, instance, decision, found, instance.state)


def _request_cancelled(context: CheckContext, instance: Instance) -> str:
    """A persistent spot request would launch another instance, which is not watched: it is cancelled, tried once."""
    request_id = instance.spot_request_id
    if not request_id:
        return ""
    try:
        cancel_request(context.cloud, context.clock, request_id, context.remaining_seconds)
    except CloudError as error:
        context.report.problem(f"spot request {request_id} not cancelled, it may launch another instance: {error}")
        return ", and could not cancel its spot request"
    return ", and cancelled its spot request"


def force_stop(context: CheckContext, instance: Instance, memory: Memory, decision: ForceStop) -> None:
    """Stop again, without waiting for the operating system."""
    context.report.count(Metric.ENDING_FAILURES)
    try:
        with_retries(
            context.clock,
            lambda: context.cloud.stop_instance(instance.instance_id, force=True),
            context.remaining_seconds,
        )
    except CloudError as error:
        count_refusal(context, instance, memory, Refusable.FORCE, error)
        raise EndingFailedError(f"{decision.reason}, and cannot be forced: {error}") from error
    context.report.problem(f"{decision.reason}: the stop was forced", told_by=Metric.ENDING_FAILURES)


def terminate_stopped(context: CheckContext, instance: Instance, memory: Memory, decision: TerminateStopped) -> None:
    """Terminate an instance that was kept long enough; its run was recorded and notified when it was stopped."""
    if is_overtaken(context, instance):
        return
    try:
        ended: Ended = end_instance(context.cloud, context.clock, instance, Action.TERMINATE, context.remaining_seconds)
    except CloudError as error:
        context.report.count(Metric.ENDING_FAILURES)
        count_refusal(context, instance, memory, Refusable.TERMINATE_STOPPED, error)
        raise EndingFailedError(f"{decision.reason}, and cannot be terminated: {error}") from error
    context.report.action = ended.action


def refused(context: CheckContext, decision: Refused) -> None:
    """Keep the alarm up between the hourly attempts."""
    context.report.count(Metric.ENDING_FAILURES)
    ending = f"{decision.outcome}: {decision.reason}" if decision.outcome else decision.reason
    context.report.problem(
        f"the ending ({ending}) was refused too often and is only tried once an hour now:"
        f" lift the stop protection or the denial, then remove the tag {names.TAG_REFUSED} or end the instance by hand",
        told_by=Metric.ENDING_FAILURES,
    )


def _done(ended: Ended) -> str:
    why = ", which EC2 cannot stop" if ended.climbed else ""
    return f"{_DONE[ended.action]}{why}"


def _signal(context: CheckContext, instance: Instance, seconds: float) -> None:
    context.report.note(
        signal_training(context.cloud, context.clock, instance.instance_id, min(seconds, context.spare_seconds()))
    )


def _report(context: CheckContext, instance: Instance, memory: Memory, decision: End) -> bool:
    """Tell of an outcome and leave the instance as it is; record it once it is told. Whether the run goes on."""
    if is_overtaken(context, instance):
        return False
    tags = outcome_tags(decision.outcome, decision.reason, context.clock.now())
    if not _tell(context, instance, decision, "reported it, and left the instance as it is", instance.state):
        return True
    _measure(context, decision)
    reported = reported_value(memory.reported | {decision.outcome}, context.clock.now())
    record_tags(context, instance, {**tags, names.TAG_REPORTED: reported})
    return True


def _keep(context: CheckContext, instance: Instance, decision: End, error: CloudError) -> None:
    """Nothing is destroyed on doubt: what EC2 cannot stop runs on until its deadline, and somebody is told at once.

    As with a report, that is recorded once it is told.
    """
    context.report.problem(f"{decision.outcome}, and kept running: {error}")
    tags = outcome_tags(decision.outcome, decision.reason, context.clock.now())
    due = deadline(context.settings, instance.launched_at) if instance.launched_at else None
    until = "past" if due and due <= context.clock.now() else "until"
    how_long = f"{until} its deadline {format_time(due)}" if due else "without a deadline"
    done = f"kept the instance running {how_long}: EC2 cannot stop it"
    if _tell(context, instance, decision, done, instance.state):
        refused = refused_value(1, context.clock.now(), Refusable.STOP_UNSUPPORTED)
        record_tags(context, instance, {**tags, names.TAG_REFUSED: refused})


def _record(
    context: CheckContext,
    instance: Instance,
    memory: Memory,
    decision: End | Settle,
    further: Mapping[str, str],
    *,
    ended_at: datetime,
) -> None:
    """Write the outcome into the tags. What was only reported before is not the ending."""
    if decision.outcome is None:
        return
    reported = {names.TAG_REPORTED: ""} if memory.reported else {}
    tags = outcome_tags(decision.outcome, decision.reason, ended_at)
    record_tags(context, instance, {**tags, **reported, **further})


def _tell(
    context: CheckContext, instance: Instance, decision: End | Interrupt | Settle, done: str, state: InstanceState
) -> bool:
    """Tell the topic, also of what could not be recorded; whether nothing is left to tell."""
    if decision.outcome is None or not context.notifies:
        return True
    return notify(context, instance, News(decision.outcome, decision.reason, done, state, context.report.unmet))


def _failure(
    context: CheckContext, instance: Instance, memory: Memory, decision: End, error: CloudError
) -> EndingFailedError:
    """The ending that failed, counted, and recorded where EC2 refused it."""
    context.report.count(Metric.ENDING_FAILURES)
    reason = refused_reason(decision.reason) if instance.state in ON else decision.reason
    ending = outcome_tags(decision.outcome, reason, context.clock.now())
    count_refusal(context, instance, memory, decision.outcome, error, further=ending)
    return EndingFailedError(f"{decision.action} failed ({decision.outcome}: {decision.reason}): {error}")


def _settled(context: CheckContext, instance: Instance, memory: Memory, decision: Settle, looked_at: datetime) -> bool:
    """Record what is not recorded yet; whether the outcome is news."""
    disarmed = _disarmed(context, instance, memory)
    if decision.outcome is None or not decision.record:
        if disarmed:
            record_tags(context, instance, disarmed)
        return not memory.notified
    if decision.is_news:
        context.report.endings[decision.outcome] += 1
    told = memory.notified and (decision.outcome in memory.reported or not decision.is_news)
    notified = {names.TAG_NOTIFIED: format_time(context.clock.now())} if told else {}
    _record(context, instance, memory, decision, {**disarmed, **notified}, ended_at=looked_at)
    return not told


def _measure(context: CheckContext, decision: End, called_at: datetime | None = None) -> None:
    metrics = context.report.metrics
    context.report.endings[decision.outcome] += 1
    metrics[Metric.GRACE_WAIT] = (decision.due_since - decision.evidence_at).total_seconds()
    if called_at:
        metrics[Metric.STOP_LATENCY] = max(0.0, (called_at - decision.due_since).total_seconds())


def _disarmed(context: CheckContext, instance: Instance, memory: Memory) -> dict[str, str]:
    """Remove the run's deadline switch, which would act on a run that was started again; what to record of it."""
    armed = memory.armed or unrecorded_switch(context, instance)
    return disarm(context, instance, armed) if armed else {}
