"""EventBridge: schedules that fire within their minute, copies and losses of what they deliver, and S3's events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from monitor_runtime.cloud.interface import CloudError, ErrorKind
from sandbox.simulation.world.timeline import SECOND, Timeline
from sandbox.simulation.world.weather import Delivery, Faults

PRECISION = 59 * SECOND
"""A schedule fires within the minute that it names."""


@dataclass(frozen=True, slots=True)
class OneTime:
    """A one-time schedule. One whose time has passed when it is made never fires."""

    name: str
    at: int
    fire: Callable[[Delivery], None]
    does: str
    set_at: int
    enabled: bool = True
    input: str = ""
    """What it sends to the monitor."""


@dataclass(slots=True)
class Scheduler:
    """The schedules of the monitor's group."""

    timeline: Timeline
    faults: Faults
    random: Random
    on_lost: Callable[[], None]
    schedules: dict[str, OneTime] = field(default_factory=dict[str, OneTime])
    heartbeat_on: bool = False
    heartbeat_enabled: bool = True

    def start_heartbeat(self, interval: int, fire: Callable[[], None]) -> None:
        """A recurring schedule, from now on; its firings are late each for itself, their due times are not."""
        self.heartbeat_on = True
        self._beat(self.timeline.now + interval, interval, fire)

    def _beat(self, due: int, interval: int, fire: Callable[[], None]) -> None:
        """The usual firing itself brings the next one about: each further event would interrupt checks that wait."""
        lateness = self.random.randint(0, PRECISION)
        delivery = self.faults.deliver(lateness)

        def happen() -> None:
            if not self.heartbeat_on:
                return
            if not self.heartbeat_enabled:
                self.timeline.trace("trigger  disabled")
            elif not delivery.disturbed:
                fire()
            else:
                self.deliver(Delivery(tuple(max(0, delay - lateness) for delay in delivery.delays)), fire)
            self._beat(due + interval, interval, fire)

        self.timeline.at(due + lateness, happen)

    def deliver(self, delivery: Delivery, fire: Callable[[], None]) -> None:
        """Have the copies of a trigger arrive."""
        if not delivery.delays:
            self.timeline.trace("trigger  lost")
            self.on_lost()
        for delay in delivery.delays:
            if delay:
                self.timeline.after(delay, fire)
            else:
                fire()

    def create(self, schedule: OneTime) -> None:
        """CreateSchedule."""
        if schedule.name in self.schedules:
            raise CloudError("scheduler:CreateSchedule", "ConflictException", schedule.name, ErrorKind.CONFLICT)
        self._put(schedule)

    def update(self, schedule: OneTime) -> None:
        """UpdateSchedule: a full replacement."""
        if schedule.name not in self.schedules:
            raise CloudError("scheduler:UpdateSchedule", "ResourceNotFoundException", "none", ErrorKind.NOT_FOUND)
        self._put(schedule)

    def delete(self, name: str) -> None:
        """DeleteSchedule; one that is not there is no error to the monitor."""
        self.schedules.pop(name, None)

    def tamper(self, name: str, **changes: Any) -> None:
        """What somebody else does to a schedule, if it is there: UpdateSchedule."""
        if name in self.schedules:
            self._put(replace(self.schedules[name], set_at=self.timeline.now, **changes))

    def _put(self, schedule: OneTime) -> None:
        self.schedules[schedule.name] = schedule
        if schedule.at <= self.timeline.now or not schedule.enabled:
            return

        def fire() -> None:
            if self.schedules.get(schedule.name) is not schedule:
                return
            del self.schedules[schedule.name]
            delays = self.faults.deliver(0).delays
            schedule.fire(Delivery(delays))

        self.timeline.at(schedule.at + self.random.randint(0, PRECISION), fire)
