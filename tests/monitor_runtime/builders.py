"""Small builders of what a decision is made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor_runtime.cloud.interface import MetricWindow
from monitor_runtime.cloud.values import Instance, InstanceState, StoredObject
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.completion import MarkerBody, find
from monitor_runtime.decide.decide import decide
from monitor_runtime.decide.decisions import Decision
from monitor_runtime.decide.observation import MetricMaxima, Observation

LAUNCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INSTANCE_ID = "i-0123456789abcdef0"
PREFIX = "runs/llama-ft/"


def at(**since_launch: float) -> datetime:
    """A moment after the launch: ``at(hours=2, minutes=10)``."""
    return LAUNCH + timedelta(**since_launch)


def settings(**fields: Any) -> Settings:
    """A run with the defaults, and what is given."""
    return replace(Settings("llama-ft", "m", "outputs", PREFIX), **fields)


def instance(state: InstanceState = InstanceState.RUNNING, **fields: Any) -> Instance:
    """The run's instance."""
    return replace(Instance(INSTANCE_ID, state, LAUNCH), **fields)


def stored(name: str, modified_at: datetime, size: int = 1) -> StoredObject:
    """An object below the run's prefix."""
    return StoredObject(PREFIX + name, size, modified_at)


def seen(*objects: StoredObject, **fields: Any) -> Observation:
    """A running instance, and these objects."""
    return replace(Observation(instance(), objects=objects, uploads=(), checkpoints=()), **fields)


def metric_maxima(*maxima: float | None, until: datetime) -> MetricMaxima:
    """The maxima of periods of 5 minutes, None where there is no data, the last of which ends then."""
    start = until - timedelta(minutes=5 * len(maxima))
    moments = {start + timedelta(minutes=5 * number): value for number, value in enumerate(maxima)}
    window = MetricWindow("CPUUtilization", start, until)
    return MetricMaxima(window, {moment: value for moment, value in moments.items() if value is not None})


def decided(run: Settings, looked: Observation, now: datetime, *, notifies: bool = False) -> Decision:
    """What is decided of an observation, once it has what `observe` works out from its parts."""
    return decide(run, _worked_out(run, looked, now), now, notifies=notifies)


def _worked_out(run: Settings, looked: Observation, now: datetime) -> Observation:
    memory, launched_at = Memory.of(looked.instance, now), looked.instance.launched_at
    found = None
    if launched_at and isinstance(looked.objects, tuple):
        found = find(run, looked.objects, launched_at, memory, looked.objects_at or now)
    if found and isinstance(looked.marker_body, MarkerBody):
        found = found.with_body(looked.marker_body, share_last_words=run.share_last_words)
    return replace(looked, memory=memory, completion=found)
