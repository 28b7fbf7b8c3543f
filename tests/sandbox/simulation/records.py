"""Records of lifecycles that are told by hand, moment by moment, for the oracle to judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from sandbox.simulation.judge.invariants import Invariant
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.box import TrainingTruth
from sandbox.simulation.world.bucket import Bucket
from sandbox.simulation.world.machine import Launch, MachineTraits, SpotKind
from sandbox.simulation.world.record import Check, Ending, Record, Tagging
from sandbox.simulation.world.scenario import Scenario
from sandbox.simulation.world.tampering import DenialPlan, Right
from sandbox.simulation.world.timeline import HOUR, Timeline, to_datetime, whole_seconds
from sandbox.simulation.world.training_plan import draw_training
from sandbox.simulation.world.weather import Weather

PREFIX = "runs/llama/"
INSTANCE_ID = "i-0123456789abcdef0"


def record(settings: dict[str, Any], *, skew: int = 0, weather: Weather = Weather.CALM) -> Record:
    """A lifecycle in which nothing has happened yet. ``skew``: what S3's clock is ahead, in milliseconds."""
    run = Settings("llama", "project/stack/monitor", "team-bucket", PREFIX, **settings)
    machine = MachineTraits(INSTANCE_ID, SpotKind.NONE, 0, 0.0, protected=False)
    scenario = Scenario(
        seed=0,
        settings=run,
        weather=weather,
        machine=machine,
        works_for=HOUR,
        first_check_after=0,
        skew=skew,
        page_size=1000,
        notifies=True,
        has_agent=True,
        stale_markers=False,
        holds=(),
        restarts=0,
        stopped_by_hand_at=None,
        interrupted_at=None,
        interrupted_in_vain=False,
        unprotected_after=None,
        destroyed_at=None,
        replacement=None,
    )
    return Record(scenario, Bucket(Timeline(traced=False), skew, 1000, lambda _: None), [], [])


def launched(told: Record, at: int, left_running_at: int | None = None) -> Launch:
    """The instance was launched, and maybe left running."""
    launch = Launch(len(told.launches), at, whole_seconds(at), left_running_at)
    told.launches.append(launch)
    told.trainings.append(TrainingTruth(launch, draw_training(told.scenario, launch.number)))
    return launch


def checked(told: Record, launch: Launch, at: int, decision: str = "wait", trigger: str = "heartbeat") -> Check:
    """An undisturbed check that took no time."""
    about = {"launched_at": launch.stamped}
    reply = {"decision": decision, "outcome": "succeeded" if decision == "end" else None, "instance": about}
    check = Check(len(told.checks), trigger, at, InstanceState.RUNNING, launch.number, ended_at=at, reply=reply)
    check.described_at = check.first_described_at = check.looked_at = check.looked_until = at
    check.kinds.update(["find_instances"])
    told.checks.append(check)
    return check


def ended(told: Record, launch: Launch, at: int) -> None:
    """A check stopped the run, all of it at one moment."""
    check = checked(told, launch, at, "end")
    launch.left_running_at = at
    told.endings.append(Ending(check, launch, Action.STOP, at, at, at, (at,), None, training_exited=True, under_way=()))


def tagged(
    told: Record, check: Check, at: int, outcome: Outcome, *, reason: str = "", ended_at: int | None = None
) -> None:
    """A check wrote an outcome into the tags, as of ``ended_at``; by default as of then."""
    written = {
        "runctl:outcome": outcome,
        "runctl:reason": reason,
        "runctl:ended-at": format_time(to_datetime(at if ended_at is None else ended_at)),
    }
    told.taggings.append(Tagging(at, check.launch, written, check))


def wrote(told: Record, at: int, *names: str) -> None:
    """Small objects were written at that moment."""
    told.bucket.timeline.now = at
    for name in names:
        told.bucket.put(f"{PREFIX}{name}", 1)


def deny(told: Record, right: Right) -> None:
    """The monitor's role lacks a right, from the beginning on."""
    told.scenario = replace(told.scenario, denial=DenialPlan(right, 0))
    told.denied_at = 0


def broken(told: Record, invariant: Invariant) -> bool:
    """Whether the invariant does not hold."""
    return bool(list(invariant(Truth(told))))
