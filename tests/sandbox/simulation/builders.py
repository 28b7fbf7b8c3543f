"""Small records of lifecycles that never ran, for the invariants to judge."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.world.box import TrainingTruth
from sandbox.simulation.world.bucket import Bucket
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Check, Record
from sandbox.simulation.world.scenario import draw_scenario
from sandbox.simulation.world.timeline import Timeline
from sandbox.simulation.world.training_plan import draw_training
from sandbox.simulation.world.weather import Weather


def record(launch: Launch, **settings: Any) -> Record:
    """One launch in calm weather, of a run with these settings; nothing has happened yet."""
    drawn = draw_scenario(1)
    declared = replace(drawn.settings, **settings)
    scenario = replace(drawn, weather=Weather.CALM, has_agent=True, holds=(), settings=declared)
    bucket = Bucket(Timeline(traced=False), 0, 1000, lambda _: None)
    return Record(scenario, bucket, [launch], [TrainingTruth(launch, draw_training(scenario, 0))])


def checked(started_at: int, trigger: str = "heartbeat", calls: Counter[str] | None = None, **fields: Any) -> Check:
    """A check of the first launch."""
    kinds = Counter({"describe_instance": 1}) if calls is None else calls
    return Check(0, trigger, started_at, InstanceState.RUNNING, 0, kinds=kinds, **fields)
