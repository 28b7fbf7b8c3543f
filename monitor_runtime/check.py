"""One check of one run: observe, decide, act, and see to it that the next check comes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from monitor_runtime import act, names, tags
from monitor_runtime.act import EndingFailedError, Scene
from monitor_runtime.cloud import CloudError, DeadlineSwitch, FollowUp
from monitor_runtime.completion import find, stale_markers
from monitor_runtime.deadline import deadline, switch_time
from monitor_runtime.decision import INTERRUPTION, RECHECK_UNKNOWN, decide
from monitor_runtime.decisions import Decision, End, Interrupt, Over, Refused, Settle, Wait, decision_word
from monitor_runtime.observe import observe
from monitor_runtime.outlook import LEAD, MAX_WAIT_SECONDS, SOONEST, ScheduleFollowUp, WaitInside, plan_next
from monitor_runtime.report import Metric
from monitor_runtime.settings import Action, Settings
from monitor_runtime.tags import format_time
from monitor_runtime.triggers import TriggerKind
from monitor_runtime.world import Instance, Observation, Unknown

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


def check(
    scene: Scene, *, instance: Instance | None = None, interruption_warned: bool = False, may_wait: bool = True
) -> None:
    """Check until nothing more is due within this invocation; what happened is in ``scene.report``.

    ``instance``: as an event's look-up described it a moment ago; it saves a call.

    Raises:
        EndingFailedError: when the instance could not be ended.
    """
    waiting_left = MAX_WAIT_SECONDS if may_wait else 0.0
    while True:
        now = scene.clock.now()
        seen = observe(
            scene.cloud,
            scene.settings,
            now,
            scene.clock,
            instance=instance,
            interruption_warned=interruption_warned,
        )
        decision = decide(scene.settings, seen, now, notifies=scene.notifies)
        _describe(scene, seen, decision, now)
        waited = _carry_out(scene, seen, decision, now, min(waiting_left, scene.spare_seconds()))
        if waited is None:
            return
        waiting_left -= waited
        instance = None


def _carry_out(
    scene: Scene, seen: Observation, decision: Decision, now: datetime, can_wait_seconds: float
) -> float | None:
    """Returns the seconds waited when there is another check to make in this invocation, else None."""
    if isinstance(decision, Wait):
        if isinstance(seen.instance, Instance) and seen.instance.launched_at:
            _notice(scene, seen, seen.instance, seen.instance.launched_at)
            _arm(scene, seen.instance, seen.instance.launched_at, now)
        return _await_next(scene, decision.recheck_at, now, can_wait_seconds)
    if isinstance(seen.instance, Instance) and not isinstance(decision, Over):
        try:
            act.carry_out(scene, seen.instance, decision)
        except EndingFailedError:
            _follow_up(scene, scene.clock.now() + RECHECK_UNKNOWN)
            raise
        _look_again(scene, seen.instance, decision)
    return None


def _look_again(scene: Scene, instance: Instance, decision: Decision) -> None:
    """After what leaves the instance running: EC2 may not take it after all, a reported run still has a deadline."""
    now = scene.clock.now()
    if isinstance(decision, Interrupt):
        scene.report.next_check_at = now + INTERRUPTION
        _follow_up(scene, now + INTERRUPTION)
    elif isinstance(decision, End) and decision.action is Action.REPORT and instance.launched_at:
        due = deadline(scene.settings, instance.launched_at)
        _await_next(scene, due if due and due > now else None, now, 0.0)


def _await_next(scene: Scene, recheck_at: datetime | None, now: datetime, can_wait_seconds: float) -> float | None:
    """``now``: when the check began. What it has taken since is part of the wait, and no follow-up lies behind it."""
    outlook = plan_next(
        recheck_at,
        now,
        heartbeat_seconds=scene.settings.max_interval_seconds,
        can_wait_seconds=can_wait_seconds,
    )
    if isinstance(outlook, WaitInside):
        taken = (scene.clock.now() - now).total_seconds()
        scene.clock.sleep(max(0.0, outlook.seconds - taken))
        return outlook.seconds
    if isinstance(outlook, ScheduleFollowUp):
        scene.report.next_check_at = recheck_at
        _follow_up(scene, max(outlook.at, scene.clock.now() + SOONEST))
    else:
        scene.report.next_check_at = now + timedelta(seconds=scene.settings.max_interval_seconds)
    return None


def _follow_up(scene: Scene, at: datetime) -> None:
    document = {
        "trigger": TriggerKind.FOLLOW_UP,
        "scheduled_time": SCHEDULED_TIME,
        "settings": scene.settings.to_document(),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    try:
        scene.cloud.put_follow_up(FollowUp(names.follow_up_name(scene.settings.run), at, text))
    except CloudError as error:
        scene.report.problem(f"no follow-up, the heartbeat has to do: {error}")


def _notice(scene: Scene, seen: Observation, instance: Instance, launched_at: datetime) -> None:
    """Remember when a completion was first seen, and measure how late that was, once."""
    if not isinstance(seen.objects, tuple) or seen.objects_at is None:
        return
    found = find(scene.settings, seen.objects, None, launched_at)
    if found is None or tags.noticed_at(instance, found.since):
        return
    try:
        noticed = tags.noticed_value(found.since, seen.objects_at)
        scene.cloud.tag_instance(instance.instance_id, {names.TAG_NOTICED: noticed})
    except CloudError as error:
        scene.report.problem(f"not recorded in tags: {error}")
    if not found.multipart:
        scene.report.metrics[Metric.DETECTION_LATENCY] = max(0.0, (seen.objects_at - found.since).total_seconds())


def _arm(scene: Scene, instance: Instance, launched_at: datetime, now: datetime) -> None:
    """Have EventBridge end the run by itself should the monitor fail; once per launch, moved by a hold or settings.

    The first check does not trust the tag: the removal of an earlier one may have taken the switch away. Nor does one
    that comes shortly before the switch fires: then a hold may have moved it unrecorded.
    """
    settings, armed = scene.settings, tags.armed(instance)
    at = switch_time(settings, launched_at, tags.read_hold(instance, now).until)
    if at is None:
        if armed:
            act.record_tags(scene, instance, act.disarm(scene, armed))
        return
    wanted = tags.armed_value(at, settings.on_deadline)
    trusts = scene.report.trigger != TriggerKind.FIRST_CHECK and not _is_near(settings, at, now)
    if at <= now or (armed == wanted and trusts):
        return
    if armed != wanted and not _may_move(scene, instance, at, now):
        return
    switch = DeadlineSwitch(names.deadline_switch_name(settings.run), at, settings.on_deadline, instance.instance_id)
    try:
        scene.cloud.put_deadline_switch(switch)
    except CloudError as error:
        scene.report.problem(f"deadline switch not armed: {error}")
        act.record_tags(scene, instance, {names.TAG_ARMED: tags.unsure(wanted)})
        return
    scene.report.note(f"deadline switch armed for {format_time(at)}")
    # Also where the tag said so already: a check that ended the run meanwhile has emptied it.
    act.record_tags(scene, instance, {names.TAG_ARMED: wanted})


def _may_move(scene: Scene, instance: Instance, to: datetime, now: datetime) -> bool:
    """Record that the switch is about to be moved: a tag that went on naming its old time would be believed later.

    Where that is denied, a switch that only a hold moves along stays until it is about to fire.
    """
    recorded = tags.armed_for(instance)
    if recorded is None or act.record_tags(scene, instance, {names.TAG_ARMED: tags.unsure(tags.armed(instance))}):
        return True
    if to <= recorded or _is_near(scene.settings, recorded, now):
        return True
    scene.report.problem(f"deadline switch stays at {format_time(recorded)} until its move can be recorded")
    return False


def _is_near(settings: Settings, at: datetime, now: datetime) -> bool:
    """Whether fewer than two heartbeats, of which one may be lost, are left until then."""
    return at - now <= 2 * (timedelta(seconds=settings.max_interval_seconds) + LEAD)


def _describe(scene: Scene, seen: Observation, decision: Decision, now: datetime) -> None:
    report = scene.report
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
    if not isinstance(seen.instance, Instance):
        return
    hold = tags.read_hold(seen.instance, now)
    if hold.problem:
        report.problem(hold.problem)
    if isinstance(seen.objects, tuple) and seen.instance.launched_at:
        for key in stale_markers(scene.settings, seen.objects, seen.instance.launched_at):
            report.note(f"{key} is older than the launch: ignored")
