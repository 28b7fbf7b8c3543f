"""The lifecycle of EC2 instances: what moto does at once takes its time, what it lets pass is refused."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance

from sandbox.aws.virtual_clock import VirtualClock

ENDING_SECONDS = (30, 60)
"""How long the operating system takes to shut down."""
STARTING_SECONDS = 15
_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
_ALIVE = {"pending", "running"}


@dataclass(frozen=True)
class Change:
    """An instance came into a state. This is what really happened, whatever anybody reports."""

    at: datetime
    instance_id: str
    state: str


class Instances:
    """Sees to the states of all instances in moto and keeps every change of them."""

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self.changes: list[Change] = []
        self.listeners: list[Callable[[Change], None]] = []

    def stop(self, instance: Any, moto_stop: Callable[[Any], Any]) -> Any:
        """StopInstances: ``stopping``, and after a while ``stopped``."""
        previous = copy.copy(instance._state)  # noqa: SLF001
        if previous.name in {"terminated", "shutting-down"}:
            raise _not_possible(instance, "stopped")
        if getattr(instance, "spot_instance_type", None) == "one-time":
            raise EC2ClientError(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{instance.id}' because it is associated with a one-time Spot"
                " Instance request. You can only stop Spot Instances associated with persistent Spot Instance"
                " requests.",
            )
        if previous.name in _ALIVE:
            moto_stop(instance)
            self._change(instance, "stopping")
            self._later(instance, self._random.uniform(*ENDING_SECONDS), "stopping", "stopped")
        return previous

    def terminate(self, instance: Any, moto_terminate: Callable[[Any], Any]) -> Any:
        """TerminateInstances: ``shutting-down``, and after a while ``terminated``."""
        previous = copy.copy(instance._state)  # noqa: SLF001
        if previous.name not in {"terminated", "shutting-down"}:
            moto_terminate(instance)
            self._change(instance, "shutting-down")
            self._later(instance, self._random.uniform(*ENDING_SECONDS), "shutting-down", "terminated")
        return previous

    def start(self, instance: Any, moto_start: Callable[[Any], Any]) -> Any:
        """StartInstances: a new LaunchTime, ``pending``, and soon ``running``."""
        previous = copy.copy(instance._state)  # noqa: SLF001
        if previous.name not in {*_ALIVE, "stopped"}:
            raise _not_possible(instance, "started")
        if previous.name == "stopped":
            moto_start(instance)
            instance.launch_time = self._clock.now().replace(tzinfo=None)
            self._change(instance, "pending")
            self._later(instance, STARTING_SECONDS, "pending", "running")
        return previous

    def _later(self, instance: Any, seconds: float, expected: str, then: str) -> None:
        def settle() -> None:
            if instance._state.name == expected:  # noqa: SLF001
                self._change(instance, then)

        self._clock.at(self._clock.now() + timedelta(seconds=seconds), settle)

    def _change(self, instance: Any, state: str) -> None:
        instance._state.name, instance._state.code = state, _CODES[state]  # noqa: SLF001
        change = Change(self._clock.now(), instance.id, state)
        self.changes.append(change)
        for listener in self.listeners:
            listener(change)


def _not_possible(instance: Any, what: str) -> EC2ClientError:
    return EC2ClientError(
        "IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be {what}."
    )


@contextmanager
def instance_lifecycle(clock: VirtualClock, seed: int) -> Generator[Instances]:
    """From here on, moto's instances stop, terminate and start as EC2's do."""
    instances = Instances(clock, seed)
    moto_stop, moto_terminate, moto_start = Instance.stop, Instance.terminate, Instance.start

    def stop(instance: Any) -> Any:
        return instances.stop(instance, moto_stop)

    def terminate(instance: Any) -> Any:
        return instances.terminate(instance, moto_terminate)

    def start(instance: Any) -> Any:
        return instances.start(instance, moto_start)

    with (
        patch.object(Instance, "stop", stop),
        patch.object(Instance, "terminate", terminate),
        patch.object(Instance, "start", start),
    ):
        yield instances
