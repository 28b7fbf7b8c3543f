"""Invariants about runs that do nothing any more: how the monitor finds out, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED
from sandbox.simulation.judge.truth import BOOT, PERIOD, Truth
from sandbox.simulation.world.timeline import MINUTE


def a_metric_without_data_is_told(truth: Truth) -> Iterator[Found]:
    """An undisturbed check of a run at work names a metric that had no data for a whole window since the boot."""
    idle = truth.settings.idle
    if idle is None or truth.record.scenario.has_metric:
        return
    for check in truth.record.checks:
        launch, reply = truth.record.launches[check.launch], check.reply or {}
        looks = check.completed and check.trigger in CARRIED and check.is_about(launch)
        if not looks or check.state_at_start is not InstanceState.RUNNING or reply.get("reason") != "training":
            continue
        whole = launch.at + BOOT + idle.minutes * MINUTE + 3 * PERIOD
        completed = check.looked_at is None or truth.finish(launch, check.looked_at) is not None
        if check.started_at >= whole and not completed and idle.metric not in " ".join(reply["problems"]):
            yield Found(check.started_at, f"check {check.number} did not say that {idle.metric} has no data")


HANGING = (a_metric_without_data_is_told,)
