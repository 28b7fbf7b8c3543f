"""A simulated training: writes checkpoints and, at its end, what its kind writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor_runtime.contract import names
from sandbox.aws.boto import client
from sandbox.sandbox import Sandbox

REPORTS_AFTER = timedelta(minutes=1)
CHECKPOINT_EVERY = timedelta(minutes=20)
DURATION = timedelta(hours=2, minutes=10)
CHECKPOINT = b"w" * 4096


class IncidentKind(StrEnum):
    """What befalls a run from outside."""

    HOLD = "hold"
    S3_OUTAGE = "s3-outage"
    BROKEN_MONITOR = "broken-monitor"


@dataclass(frozen=True)
class Incident:
    """One of them; ``ended`` is None for one that lasts."""

    kind: IncidentKind
    began: datetime
    ended: datetime | None = None


@dataclass
class Training:
    """What happens on the instance from a launch on."""

    sandbox: Sandbox
    instance_id: str
    bucket: str
    prefix: str
    finish: Callable[[Training], None] | None
    """What it does when it is through; None for a training that hangs."""
    duration: timedelta = DURATION
    written: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    reported: list[datetime] = field(default_factory=list[datetime])
    """When the runner reported that the training begins; once a launch."""
    hung: list[datetime] = field(default_factory=list[datetime])
    """When the training stopped doing anything; never for one that finishes."""
    incidents: list[Incident] = field(default_factory=list[Incident])

    def start(self) -> None:
        """Begin now."""
        began = self.sandbox.clock.now()
        self._at(began + REPORTS_AFTER, self._report)
        moment = began + CHECKPOINT_EVERY
        while moment < began + self.duration:
            self._at(moment, self._checkpoint)
            moment += CHECKPOINT_EVERY
        finish = self.finish
        self._at(began + self.duration, lambda: finish(self) if finish else self.hung.append(self.sandbox.clock.now()))

    def later(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Do something after a while, if the instance still runs then."""
        self._at(self.sandbox.clock.now() + delay, action)

    def _at(self, moment: datetime, action: Callable[[], None]) -> None:
        launched_at = self.sandbox.instance(self.instance_id)["LaunchTime"]

        def unless_ended() -> None:
            instance = self.sandbox.instance(self.instance_id)
            if instance["State"]["Name"] == "running" and instance["LaunchTime"] == launched_at:
                action()

        self.sandbox.clock.at(moment, unless_ended)

    def _report(self) -> None:
        """Report that the training begins, as the runner does before it."""
        self.sandbox.bus.put_object(self.bucket, self.prefix + names.STARTED, b"{}")
        self.reported.append(self.sandbox.clock.now())

    def _checkpoint(self) -> None:
        self.write(f"checkpoints/{len(self.written) + 1:04d}.pt", CHECKPOINT)

    def write(self, name: str, body: bytes = b"") -> None:
        """Write an object below the prefix."""
        self.sandbox.bus.put_object(self.bucket, self.prefix + name, body)
        self.written.append((self.sandbox.clock.now(), name))


def succeed(training: Training) -> None:
    """Write the success marker, with a manifest of the last checkpoint."""
    training.write("checkpoints/final.pt", CHECKPOINT)
    manifest = [{"key": "checkpoints/final.pt", "size": len(CHECKPOINT)}]
    body = {"outcome": "succeeded", "exit_code": 0, "checkpoint": manifest}
    training.write("training_complete.txt", json.dumps(body).encode())


def crash(training: Training) -> None:
    """Exit with an error."""
    training.write("training_failed.txt", json.dumps({"outcome": "failed", "exit_code": 137}).encode())


def write_outputs(training: Training) -> None:
    """Write what was expected, the last of it ten minutes later, and no marker."""
    training.write("model/weights.safetensors", CHECKPOINT)
    training.later(timedelta(minutes=10), lambda: training.write("metrics.json", b"{}"))


def lose_checkpoint(training: Training) -> None:
    """Write a marker whose manifest names a file that never arrives."""
    body = {"outcome": "succeeded", "checkpoint": [{"key": "checkpoints/final.pt", "size": len(CHECKPOINT)}]}
    training.write("training_complete.txt", json.dumps(body).encode())


def publish_cpu(sandbox: Sandbox, instance_id: str, percent: Callable[[datetime], float], until: datetime) -> None:
    """CPUUtilization as EC2 publishes it, every five minutes from now on; ``percent`` by the moment."""

    def publish() -> None:
        client("cloudwatch").put_metric_data(
            Namespace="AWS/EC2",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
                    "Timestamp": sandbox.clock.now(),
                    "Value": percent(sandbox.clock.now()),
                    "Unit": "Percent",
                }
            ],
        )

    moment = sandbox.clock.now()
    while moment < until:
        sandbox.clock.at(moment, publish)
        moment += timedelta(minutes=5)
