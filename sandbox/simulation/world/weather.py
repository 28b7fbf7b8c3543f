"""What goes wrong, and when: by chance at each call, and in windows that last from minutes to hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from monitor_runtime.cloud.interface import CloudError, ErrorKind
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND

READS = (
    "describe_instance",
    "find_instances",
    "list_folder",
    "read_object",
    "list_uploads",
    "list_parts",
    "metric_maxima",
    "try_out",
    "schedule_input",
    "bucket_region",
    "bucket_sends_events",
    "outputs_below",
)
SCHEDULES_OF_AUDITS = ("list_schedules", "find_schedule", "has_deadline_switch", "heartbeat_was_changed")
EC2_OF_AUDITS = ("list_instances", "find_by", "may_end")
OF_AUDITS = SCHEDULES_OF_AUDITS + EC2_OF_AUDITS
"""What only looks that compare all runs, or look for what lost its tags, ask."""
EC2_WRITES = ("stop_instance", "terminate_instance", "cancel_spot_request", "tag_instance")
SCHEDULER_WRITES = ("put_follow_up", "put_deadline_switch", "delete_schedule")
OTHERS = ("stop_unit", "command_state", "publish")
CALLS = READS + OF_AUDITS + EC2_WRITES + SCHEDULER_WRITES + OTHERS
FUNCTION = "function"
"""The function itself: it fails before it has done anything."""
OUTAGES: tuple[tuple[str, ...], ...] = (
    ("list_folder", "read_object", "list_uploads", "list_parts", "bucket_region", "bucket_sends_events"),
    ("describe_instance", "find_instances", "outputs_below", "try_out", *EC2_OF_AUDITS, *EC2_WRITES),
    (*SCHEDULER_WRITES, "schedule_input", *SCHEDULES_OF_AUDITS),
    OF_AUDITS,
    ("stop_unit", "command_state"),
    ("publish",),
    ("tag_instance",),
    ("stop_instance", "terminate_instance"),
    (FUNCTION,),
    CALLS,
)


class Weather(StrEnum):
    """How much goes wrong in a lifecycle."""

    CALM = "calm"
    NOISY = "noisy"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which some kinds of call fail, each with ``chance``."""

    kinds: frozenset[str]
    start: int
    end: int
    chance: float
    error: ErrorKind


@dataclass(frozen=True, slots=True)
class Plan:
    """How one call goes: milliseconds before and after it takes effect, and the error that comes back, if one does.

    ``applied``: whether it takes effect although an error comes back.
    """

    before: int
    after: int
    error: ErrorKind | None = None
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """When copies of a trigger arrive, in milliseconds after they were due; none when it is lost."""

    delays: tuple[int, ...]

    @property
    def disturbed(self) -> bool:
        """Whether it is anything but one copy within a minute."""
        return len(self.delays) != 1 or self.delays[0] >= MINUTE


@dataclass(slots=True)
class Faults:
    """The weather of one lifecycle. Chances are per call or per delivery."""

    weather: Weather
    random: Random
    error_chance: float = 0.0
    slow_chance: float = 0.0
    loss_chance: float = 0.0
    duplicate_chance: float = 0.0
    late_chance: float = 0.0
    switch_loss_chance: float = 0.0
    windows: Sequence[Window] = field(default_factory=tuple)

    def plan(self, kind: str, now: int) -> Plan:
        """How a call made now goes."""
        roll = self.random.random
        before, after = 5 + int(roll() * 100), 5 + int(roll() * 100)
        error = self._error(kind, now)
        if self.slow_chance and roll() < self.slow_chance:
            after += self.random.choice((2 * SECOND, 10 * SECOND, 39 * SECOND))
        if error is None:
            return Plan(before, after)
        if error is ErrorKind.TRANSIENT:
            return Plan(before, after, error, applied=roll() < 0.3)
        return Plan(before, after, error, applied=False)

    def _error(self, kind: str, now: int) -> ErrorKind | None:
        for window in self.windows:
            if window.start <= now < window.end and kind in window.kinds and self.random.random() < window.chance:
                return window.error
        if self.error_chance and self.random.random() < self.error_chance:
            return ErrorKind.REFUSED if self.random.random() < 0.1 else ErrorKind.TRANSIENT
        return None

    def fails_now(self, kind: str, now: int) -> bool:
        """Whether a call without the monitor fails, as that of the deadline switch does."""
        return self._error(kind, now) is not None

    def deliver(self, usual: int) -> Delivery:
        """How a trigger that is usually ``usual`` milliseconds late arrives."""
        if self.weather is Weather.CALM:
            return Delivery((usual,))
        roll = self.random.random
        if roll() < self.loss_chance:
            return Delivery(())
        late = self.random.randint(SECOND, 10 * MINUTE) if roll() < self.late_chance else 0
        delays = (usual + late,)
        if roll() < self.duplicate_chance:
            delays += (usual + self.random.randint(0, 3 * MINUTE),)
        return Delivery(delays)

    @property
    def over_at(self) -> int:
        """From when on no window is open any more."""
        return max((window.end for window in self.windows), default=0)


def injected(kind: str, error: ErrorKind) -> CloudError:
    """The error that a call fails with."""
    return CloudError(f"simulated:{kind}", "Injected", "injected by the simulation", error)


def draw_faults(random: Random, weather: Weather, lasts: int, faults_random: Random) -> Faults:
    """The faults of a lifecycle that is expected to last so many milliseconds."""
    if weather is Weather.CALM:
        return Faults(weather, faults_random)
    faults = Faults(
        weather,
        faults_random,
        error_chance=random.choice((0.0, 0.01, 0.05, 0.2)),
        slow_chance=random.choice((0.0, 0.0, 0.01, 0.1)),
        loss_chance=random.choice((0.0, 0.02, 0.2)),
        duplicate_chance=random.choice((0.0, 0.02, 0.2)),
        late_chance=random.choice((0.0, 0.05, 0.3)),
        switch_loss_chance=random.choice((0.0, 0.0, 0.5)),
    )
    if weather is Weather.OUTAGE:
        faults.windows = tuple(_draw_window(random, lasts) for _ in range(random.randint(1, 3)))
    return faults


def _draw_window(random: Random, lasts: int) -> Window:
    kinds = frozenset(random.choice(OUTAGES)) if random.random() < 0.7 else frozenset({random.choice(CALLS)})
    start = int(random.uniform(0, 1.1) * lasts)
    length = int(2 * MINUTE * (3 * HOUR / (2 * MINUTE)) ** random.random())
    error = ErrorKind.REFUSED if random.random() < 0.25 else ErrorKind.TRANSIENT
    return Window(kinds, start, start + length, random.choice((0.5, 1.0, 1.0)), error)
