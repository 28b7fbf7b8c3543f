"""Invariants about runs that do nothing any more: how the monitor finds out, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED
from sandbox.simulation.judge.truth import BOOT, PERIOD, Truth
from sandbox.simulation.world.timeline import MINUTE, SECOND
from sandbox.simulation.world.weather import Weather


def a_metric_without_data_is_told(truth: Truth) -> Iterator[Found]:
    """An undisturbed check of a run at work names a metric that had no data for a whole window since the boot."""
    idle = truth.settings.idle
    if idle is None or truth.record.scenario.has_metric:
        return
    for check in truth.record.checks:
        launch, reply = truth.record.launches[check.launch], check.reply or {}
        looks = check.completed and check.trigger in CARRIED and check.is_about(launch)
        trains = check.state_at_start is InstanceState.RUNNING and str(reply.get("reason", "")).startswith("training")
        if not looks or not trains:
            continue
        whole = launch.at + BOOT + idle.minutes * MINUTE + 3 * PERIOD
        completed = check.looked_at is None or truth.finish(launch, check.looked_at) is not None
        if check.started_at >= whole and not completed and idle.metric not in " ".join(reply["problems"]):
            yield Found(check.started_at, f"check {check.number} did not say that {idle.metric} has no data")


def a_stalled_run_is_ended_in_time(truth: Truth) -> Iterator[Found]:
    """When all services work, a run that has stalled is signalled within 90 seconds of its time, and then ended.

    What S3 dates back counts from when it was first seen, by a check that a heartbeat brings.
    """
    record, settings = truth.record, truth.settings
    calm = record.scenario.weather is Weather.CALM and not record.holds and record.interrupted_at is None
    if not calm or record.tampered_at or record.scenario.machine.protected or settings.on_failure is Action.REPORT:
        return
    for launch in () if record.replaced_at or record.destroyed_at else record.launches:
        end = record.finished_at if launch.left_running_at is None else launch.left_running_at
        noticed = settings.max_interval_seconds * SECOND + 2 * MINUTE
        stalled_at = None if truth.finish(launch, end) else truth.stalled_at(launch, end, noticed)
        if stalled_at is None:
            continue
        # Who starts an instance again tells nobody: a heartbeat finds it.
        seen_at = launch.at + noticed if launch.number else launch.at
        latest = max(stalled_at, seen_at) + settings.shutdown_timeout_seconds * SECOND + 90 * SECOND
        if latest < end:
            yield Found(latest, f"launch {launch.number} had stalled, and ran on for {(end - latest) / SECOND:.0f} s")


HANGING = (a_metric_without_data_is_told, a_stalled_run_is_ended_in_time)
