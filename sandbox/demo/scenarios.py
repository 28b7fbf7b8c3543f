"""Small stories of a training run, and how each of them must end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client
from sandbox.aws.outages import failing
from sandbox.demo.training import (
    DURATION,
    Incident,
    IncidentKind,
    Training,
    crash,
    lose_checkpoint,
    publish_cpu,
    succeed,
    write_outputs,
)
from sandbox.sandbox import Sandbox

Twist = Callable[[Sandbox, Training], None]


@dataclass(frozen=True)
class Scenario:
    """What the run declares beyond the demo's config, what its training does, and what becomes of it."""

    summary: str
    outcome: str | None
    state: str = "stopped"
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    finish: Callable[[Training], None] | None = succeed
    works_for: timedelta = DURATION
    twist: Twist | None = None
    lasts: timedelta = timedelta(hours=3)
    ends_after: timedelta | None = None
    """From the launch to the stop call, where it does not follow from a marker's grace period."""


def _after(sandbox: Sandbox, delay: timedelta, action: Callable[[], None]) -> None:
    sandbox.clock.at(sandbox.clock.now() + delay, action)


def _s3_fails_at_the_end(sandbox: Sandbox, training: Training) -> None:
    start = sandbox.clock.now() + timedelta(hours=2, minutes=5)
    end = start + timedelta(minutes=20)
    failing("s3", "ListObjectsV2", sandbox.clock, start, end)
    training.incidents.append(Incident(IncidentKind.S3_OUTAGE, start, end))


def _breaks(sandbox: Sandbox, training: Training) -> None:
    def break_function() -> None:
        sandbox.functions.broken = True
        training.incidents.append(Incident(IncidentKind.BROKEN_MONITOR, sandbox.clock.now()))

    _after(sandbox, timedelta(minutes=30), break_function)


def _is_held(sandbox: Sandbox, training: Training) -> None:
    until = sandbox.clock.now() + timedelta(hours=4)
    tag = {"Key": names.TAG_HOLD_UNTIL, "Value": format_time(until)}

    def hold() -> None:
        client("ec2").create_tags(Resources=[training.instance_id], Tags=[tag])
        training.incidents.append(Incident(IncidentKind.HOLD, sandbox.clock.now(), until))

    _after(sandbox, timedelta(hours=1), hold)


def _is_interrupted(sandbox: Sandbox, training: Training) -> None:
    def warn() -> None:
        sandbox.bus.warn_of_interruption(training.instance_id, "terminate")
        _after(sandbox, timedelta(minutes=2), take)

    def take() -> None:
        client("ec2").terminate_instances(InstanceIds=[training.instance_id])

    _after(sandbox, timedelta(hours=1), warn)


def _idles(sandbox: Sandbox, training: Training) -> None:
    """Busy for as long as it works, then idle."""
    busy_until = sandbox.clock.now() + training.duration
    publish_cpu(
        sandbox,
        training.instance_id,
        lambda moment: 93.0 if moment < busy_until else 1.5,
        sandbox.clock.now() + timedelta(hours=3),
    )


def _is_started_again(sandbox: Sandbox, training: Training) -> None:
    def start_again() -> None:
        client("ec2").start_instances(InstanceIds=[training.instance_id])
        training.start()

    _after(sandbox, timedelta(hours=4), start_again)


_OUTPUTS = {"expected_outputs": ["model/*.safetensors", "metrics.json"]}

SCENARIOS: Mapping[str, Scenario] = {
    "default": Scenario("a training writes its marker after 2 h 10 min", "succeeded"),
    "events": Scenario("an S3 event tells of the marker at once", "succeeded", args={"s3_events": True}),
    "crash": Scenario("the training exits with an error", "failed", finish=crash),
    "outputs": Scenario(
        "a training without a marker writes all its expected outputs", "succeeded", args=_OUTPUTS, finish=write_outputs
    ),
    "hang": Scenario(
        "the training hangs until its deadline",
        "deadline",
        args={"max_runtime_hours": 2},
        finish=None,
        works_for=timedelta(minutes=70),
        ends_after=timedelta(hours=2),
    ),
    "switch": Scenario(
        "the training hangs and the monitor breaks: the deadline switch ends it",
        None,
        args={"max_runtime_hours": 2},
        finish=None,
        works_for=timedelta(minutes=70),
        twist=_breaks,
        ends_after=timedelta(hours=2, minutes=10),
    ),
    "spot": Scenario(
        "EC2 takes a spot instance back",
        "interrupted",
        "terminated",
        args={"spot": "one-time"},
        finish=None,
        twist=_is_interrupted,
        lasts=timedelta(hours=1, minutes=30),
        ends_after=timedelta(hours=1, minutes=2),
    ),
    "persistent": Scenario(
        "a persistent spot request is cancelled before its instance is terminated",
        "succeeded",
        "terminated",
        args={"spot": "persistent", "on_complete": "terminate"},
    ),
    "idle": Scenario(
        "the training does nothing any more",
        "idle",
        args={"idle": {"metric": "CPUUtilization", "threshold": 5, "minutes": 30}},
        finish=None,
        works_for=timedelta(minutes=45),
        twist=_idles,
        lasts=timedelta(hours=2),
        ends_after=timedelta(minutes=45 + 30),
    ),
    "stall": Scenario(
        "the training hangs and writes no checkpoint any more",
        "stalled",
        args={"stalled": {"patterns": ["checkpoints/*.pt"], "minutes": 45}},
        finish=None,
        works_for=timedelta(minutes=70),
        lasts=timedelta(hours=2, minutes=30),
        ends_after=timedelta(minutes=60 + 45),
    ),
    "hold": Scenario(
        "somebody holds the run for three hours, in which it finishes",
        "succeeded",
        twist=_is_held,
        lasts=timedelta(hours=5),
        ends_after=timedelta(hours=4),
    ),
    "s3-outage": Scenario(
        "S3 fails when the training finishes",
        "succeeded",
        twist=_s3_fails_at_the_end,
        ends_after=timedelta(hours=2, minutes=25),
    ),
    "unverified": Scenario(
        "the marker's manifest names a file that never arrives",
        "unverified",
        args={"on_complete": "terminate"},
        finish=lose_checkpoint,
        ends_after=timedelta(hours=2, minutes=25),
    ),
    "later": Scenario(
        "stopped, and terminated a day later",
        "succeeded",
        "terminated",
        args={"terminate_after_days": 1, "max_interval_seconds": 1800},
        lasts=timedelta(hours=27),
        ends_after=timedelta(hours=2, minutes=30),
    ),
    "restart": Scenario(
        "a stopped instance is started again and watched again",
        "succeeded",
        twist=_is_started_again,
        lasts=timedelta(hours=7),
    ),
}

DAY = Scenario(
    "a training of 24 hours: 3 markers and 4 outputs to watch for",
    "deadline",
    args={
        "max_runtime_hours": 24,
        "expected_outputs": ["model.safetensors", "config.json", "tokenizer.json", "metrics.json"],
    },
    finish=None,
    lasts=timedelta(hours=24, minutes=10),
    ends_after=timedelta(hours=24),
)
"""Too long for a demo; for measuring."""
