"""Carrying out a decision: signal, end, clean up, record, tell, in this order, each step noted in the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from monitor_runtime import names, tags
from monitor_runtime.clock import Clock
from monitor_runtime.cloud import Cloud, CloudError, ErrorKind
from monitor_runtime.deadline import switch_time
from monitor_runtime.decisions import (
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
from monitor_runtime.ending import RETRY_SECONDS, Ended, end_instance, persist
from monitor_runtime.report import Metric, Report
from monitor_runtime.settings import Action, Settings
from monitor_runtime.signalling import signal_training
from monitor_runtime.tags import Refusable, format_time, safe_value
from monitor_runtime.world import Instance, Outcome

ENDING_SECONDS = 2 * RETRY_SECONDS + 60
"""Kept free of waiting and signalling: two ladders of retries and the calls themselves."""
SPOT_SIGNAL_SECONDS = 90.0
"""EC2 warns about two minutes ahead."""


class EndingFailedError(Exception):
    """The instance could not be ended; the alarm and the next trigger take over."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What every step needs: the run, the cloud, the clock, the time that is left, and the report to fill."""

    settings: Settings
    cloud: Cloud
    clock: Clock
    report: Report
    remaining_seconds: Callable[[], float]
    notifies: bool

    def spare_seconds(self) -> float:
        """What waiting and signalling may take of this invocation."""
        return self.remaining_seconds() - ENDING_SECONDS


def carry_out(scene: Scene, instance: Instance, decision: Decision) -> None:
    """Do what was decided about an instance that is there.

    Raises:
        EndingFailedError: when EC2 does not do its part.
    """
    match decision:
        case End():
            end(scene, instance, decision)
        case Interrupt():
            interrupt(scene, instance, decision)
        case Settle():
            settle(scene, instance, decision)
        case ForceStop():
            force_stop(scene, instance, decision)
        case TerminateStopped():
            terminate_stopped(scene, instance, decision)
        case Refused():
            refused(scene, decision)
        case Wait() | Over():
            pass


def end(scene: Scene, instance: Instance, decision: End) -> None:
    """End the run as decided.

    Raises:
        EndingFailedError: when EC2 does not do it.
    """
    if decision.action is Action.REPORT:
        _measure(scene, decision)
        _record_and_tell(scene, instance, decision.outcome, decision.reason, {})
        return
    if decision.signal_first:
        _signal(scene, instance, scene.settings.shutdown_timeout_seconds)
    called_at = scene.clock.now()
    try:
        ended = end_instance(scene.cloud, scene.clock, instance, decision.action)
    except CloudError as error:
        _record_failure(scene, instance, decision, error)
        what = f"{decision.action} failed ({decision.outcome}: {decision.reason})"
        raise EndingFailedError(f"{what}: {error}") from error
    scene.report.action = ended.action
    if ended.climbed:
        scene.report.problem(f"terminated, since it cannot be stopped: {ended.climbed}")
    if not ended.by_us:
        scene.report.note(f"instance was {ended.previous} before the call")
        return
    scene.report.note(f"{ended.action} called {format_time(called_at)}")
    _measure(scene, decision, called_at)
    _record_and_tell(scene, instance, decision.outcome, decision.reason, _clean_up(scene, instance))


def interrupt(scene: Scene, instance: Instance, decision: Interrupt) -> None:
    """Signal the training before EC2 takes the instance, and record it. The switch stays: the warning may be vain."""
    if decision.signal_first:
        _signal(scene, instance, min(scene.settings.shutdown_timeout_seconds, SPOT_SIGNAL_SECONDS))
    scene.report.metrics[Metric.ENDINGS] = 1
    possibly_armed = "" if tags.armed(instance) else _possibly_armed(scene, instance)
    unsure = {names.TAG_ARMED: tags.unsure(possibly_armed)} if possibly_armed else {}
    _record_and_tell(scene, instance, decision.outcome, decision.reason, unsure)


def settle(scene: Scene, instance: Instance, decision: Settle) -> None:
    """Do what is left of an ending."""
    cleaned = _clean_up(scene, instance)
    if decision.record:
        scene.report.metrics[Metric.ENDINGS] = 1
        _record_and_tell(scene, instance, decision.outcome, decision.reason, cleaned)
        return
    if cleaned:
        record_tags(scene, instance, cleaned)
    if scene.notifies and not tags.was_notified(instance):
        _tell(scene, instance, decision.outcome, decision.reason)


def force_stop(scene: Scene, instance: Instance, decision: ForceStop) -> None:
    """Stop again, without waiting for the operating system."""
    scene.report.metrics[Metric.ENDING_FAILURES] = 1
    try:
        persist(scene.clock, lambda: scene.cloud.stop_instance(instance.instance_id, force=True))
    except CloudError as error:
        _count_refusal(scene, instance, Refusable.FORCE, error)
        raise EndingFailedError(f"{decision.reason}, and cannot be forced: {error}") from error


def terminate_stopped(scene: Scene, instance: Instance, decision: TerminateStopped) -> None:
    """Terminate an instance that was kept long enough; its run was recorded and told when it was stopped."""
    try:
        ended: Ended = end_instance(scene.cloud, scene.clock, instance, Action.TERMINATE)
    except CloudError as error:
        scene.report.metrics[Metric.ENDING_FAILURES] = 1
        _count_refusal(scene, instance, Refusable.TERMINATE_STOPPED, error)
        raise EndingFailedError(f"{decision.reason}, and cannot be terminated: {error}") from error
    scene.report.action = ended.action


def refused(scene: Scene, decision: Refused) -> None:
    """Keep the alarm up: EC2 is not asked again."""
    scene.report.metrics[Metric.ENDING_FAILURES] = 1
    ending = f"{decision.outcome}: {decision.reason}" if decision.outcome else decision.reason
    scene.report.problem(
        f"the ending ({ending}) was refused too often and is not tried again:"
        f" lift the stop protection or the denial, then remove the tag {names.TAG_REFUSED} or end the instance by hand"
    )


def _signal(scene: Scene, instance: Instance, seconds: float) -> None:
    scene.report.note(
        signal_training(scene.cloud, scene.clock, instance.instance_id, min(seconds, scene.spare_seconds()))
    )


def _record_failure(scene: Scene, instance: Instance, decision: End, error: CloudError) -> None:
    scene.report.metrics[Metric.ENDING_FAILURES] = 1
    _count_refusal(scene, instance, decision.outcome, error, _outcome_tags(scene, decision.outcome, decision.reason))


def _count_refusal(
    scene: Scene,
    instance: Instance,
    what: Outcome | Refusable,
    error: CloudError,
    further: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Only what EC2 refused is counted: what failed otherwise is tried again for as long as it takes."""
    if error.kind is ErrorKind.REFUSED:
        value = tags.refused_value(tags.refusals(instance, what) + 1, scene.clock.now(), what)
        record_tags(scene, instance, {names.TAG_REFUSED: value, **further})


def _measure(scene: Scene, decision: End, called_at: datetime | None = None) -> None:
    metrics = scene.report.metrics
    metrics[Metric.ENDINGS] = 1
    metrics[Metric.GRACE_WAIT] = (decision.due_since - decision.evidence_at).total_seconds()
    if called_at:
        metrics[Metric.STOP_LATENCY] = max(0.0, (called_at - decision.due_since).total_seconds())


def _clean_up(scene: Scene, instance: Instance) -> dict[str, str]:
    """Remove the run's one-time schedules: left behind, they would act on a run that was started again."""
    try:
        scene.cloud.delete_schedule(names.follow_up_name(scene.settings.run))
    except CloudError as error:
        scene.report.problem(f"follow-up not removed: {error}")
    armed = tags.armed(instance) or _possibly_armed(scene, instance)
    return disarm(scene, armed) if armed else {}


def disarm(scene: Scene, armed: str) -> dict[str, str]:
    """Remove the deadline switch; what to record of it. ``armed``: the tag as it stands."""
    try:
        scene.cloud.delete_schedule(names.deadline_switch_name(scene.settings.run))
    except CloudError as error:
        scene.report.problem(f"deadline switch not removed: {error}")
        return {names.TAG_ARMED: tags.unsure(armed)}
    return {names.TAG_ARMED: ""}


def _possibly_armed(scene: Scene, instance: Instance) -> str:
    """A switch that no tag records: it is made first and recorded then, and either may have failed."""
    at = switch_time(scene.settings, instance.launched_at, None) if instance.launched_at else None
    return tags.armed_value(at, scene.settings.on_deadline) if at else ""


def _record_and_tell(scene: Scene, instance: Instance, outcome: Outcome, reason: str, further: dict[str, str]) -> None:
    scene.report.outcome, scene.report.reason = outcome, reason
    values = _outcome_tags(scene, outcome, reason)
    if record_tags(scene, instance, {**values, **further}) and scene.notifies:
        _tell(scene, instance, outcome, reason)


def _outcome_tags(scene: Scene, outcome: Outcome, reason: str) -> dict[str, str]:
    return {
        names.TAG_OUTCOME: outcome,
        names.TAG_REASON: safe_value(reason),
        names.TAG_ENDED_AT: format_time(scene.clock.now()),
    }


def record_tags(scene: Scene, instance: Instance, values: dict[str, str]) -> bool:
    """Set tags of the instance, with retries; whether that worked."""
    try:
        persist(scene.clock, lambda: scene.cloud.tag_instance(instance.instance_id, values))
    except CloudError as error:
        scene.report.problem(f"not recorded in tags: {error}")
        return False
    return True


def _tell(scene: Scene, instance: Instance, outcome: Outcome, reason: str) -> None:
    """Told, then remembered: a message twice is better than none."""
    settings = scene.settings
    message = {
        "run": settings.run,
        "outcome": outcome,
        "reason": reason,
        "instance_id": instance.instance_id,
        "instance_state": instance.state,
        "launched_at": format_time(instance.launched_at) if instance.launched_at else None,
        "told_at": format_time(scene.clock.now()),
        "output_uri": f"s3://{settings.bucket}/{settings.prefix}",
    }
    text = json.dumps(message, indent=2, sort_keys=True)
    try:
        persist(scene.clock, lambda: scene.cloud.publish(f"Training run {settings.run}: {outcome}", text))
    except CloudError as error:
        scene.report.problem(f"nobody notified: {error}")
        return
    record_tags(scene, instance, {names.TAG_NOTIFIED: format_time(scene.clock.now())})
