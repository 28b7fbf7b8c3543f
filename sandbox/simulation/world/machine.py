"""The instance as EC2 has it: states, launches, tags, spot requests, and what may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from monitor_runtime.cloud.interface import CloudError, ErrorKind
from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND, Timeline, to_datetime, whole_seconds

ALIVE = frozenset({InstanceState.PENDING, InstanceState.RUNNING})
STUCK = 100 * HOUR


class SpotKind(StrEnum):
    """How the instance is paid for, as far as it changes what EC2 lets one do."""

    NONE = "on-demand"
    ONE_TIME = "one-time spot"
    PERSISTENT = "persistent spot"


@dataclass(slots=True)
class Launch:
    """One start of the instance; ``stamp`` is EC2's LaunchTime."""

    number: int
    at: int
    stamp: int
    left_running_at: int | None = None
    left_by: str = ""
    stopped_at: int | None = None
    forced: bool = False
    releases: list[int] = field(default_factory=list[int])
    """When the monitor wrote that Pulumi was about to remove the instance: once an update that removes it."""
    previous: Launch | None = field(default=None, repr=False)
    """The launch of the same instance before this one."""

    @property
    def released_at(self) -> int | None:
        """The first release."""
        return self.releases[0] if self.releases else None

    @property
    def stamped(self) -> str:
        """LaunchTime as the monitor writes it."""
        return format_time(to_datetime(self.stamp))

    def is_on(self, moment: int) -> bool:
        """Whether the instance costs money for this launch's work at that moment."""
        return self.at <= moment and (self.left_running_at is None or moment < self.left_running_at)


@dataclass(frozen=True, slots=True)
class MachineTraits:
    """What the seed decided about the instance. Durations are milliseconds."""

    instance_id: str
    spot: SpotKind
    unknown_for: int
    stuck_chance: float
    protected: bool


@dataclass(slots=True)
class Machine:
    """The instance. Its box is told when a launch begins, when it has to shut down, and when it loses power."""

    timeline: Timeline
    traits: MachineTraits
    random: Random
    on_launch: Callable[[Launch], None]
    on_shutdown: Callable[[Launch], None]
    on_power_off: Callable[[Launch], None]
    tags: dict[str, str]
    all_launches: list[Launch]
    """Of all machines of the run, in their order, this one's too."""
    launches: list[Launch] = field(default_factory=list[Launch])
    state: InstanceState = InstanceState.PENDING
    state_changed_at: int | None = None
    protected: bool = False
    request_open: bool = False
    orphan_launched_by: str = ""
    gone: bool = False
    _generation: int = 0

    @property
    def launch(self) -> Launch:
        """The present launch, or the last one."""
        return self.launches[-1]

    @property
    def is_monitored(self) -> bool:
        """Whether it has the tag by which roles may end and tag it."""
        return names.TAG_MONITOR in self.tags

    @property
    def request_id(self) -> str:
        """Its spot request."""
        return self.traits.instance_id.replace("i-", "sir-")

    @property
    def switch_name(self) -> str:
        """Its deadline switch among the schedules."""
        return f"{self.traits.instance_id}.deadline"

    def start(self) -> None:
        """Launch it, or start it again: LaunchTime moves on."""
        now = self.timeline.now
        previous = self.launches[-1] if self.launches else None
        launch = Launch(len(self.all_launches), now, whole_seconds(now), previous=previous)
        self.launches.append(launch)
        self.all_launches.append(launch)
        self.state_changed_at = None
        self.request_open = self.traits.spot is SpotKind.PERSISTENT
        self._become(InstanceState.PENDING)
        self._later(self.random.randint(3 * SECOND, 20 * SECOND), InstanceState.RUNNING)
        self.on_launch(self.launch)

    def describe(self) -> Instance:
        """What DescribeInstances tells; right after its launch EC2 may not know the instance yet."""
        first = self.launches[0]
        if self.gone or self.timeline.now < first.at + self.traits.unknown_for:
            return Instance(self.traits.instance_id, InstanceState.GONE)
        return Instance(
            self.traits.instance_id,
            self.state,
            to_datetime(self.launch.stamp),
            dict(self.tags),
            None if self.traits.spot is SpotKind.NONE else self.request_id,
            None if self.state_changed_at is None else to_datetime(whole_seconds(self.state_changed_at)),
        )

    def stop(self, by: str, *, force: bool = False) -> InstanceState:
        """StopInstances."""
        before = self._accept("StopInstances", stops=True)
        if before in ALIVE:
            stuck = self.random.random() < self.traits.stuck_chance
            lasts = STUCK if stuck and not force else self.random.randint(20 * SECOND, 120 * SECOND)
            self._leave(by, InstanceState.STOPPING, lasts, InstanceState.STOPPED)
        elif force and before is InstanceState.STOPPING and not self.launch.forced:
            self.launch.forced = True
            self._generation += 1
            self._later(10 * SECOND, InstanceState.STOPPED)
        return before

    def terminate(self, by: str) -> InstanceState:
        """TerminateInstances."""
        before = self._accept("TerminateInstances", stops=False)
        if before in ALIVE:
            self._leave(by, InstanceState.SHUTTING_DOWN, self.random.randint(20 * SECOND, 90 * SECOND))
        elif before in {InstanceState.STOPPING, InstanceState.STOPPED}:
            self.launch.stopped_at = None
            self.state_changed_at = self.timeline.now
            self._become(InstanceState.SHUTTING_DOWN)
            self._later(5 * SECOND, InstanceState.TERMINATED)
        if before not in {InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED} and self.request_open:
            self.orphan_launched_by = by
        return before

    def cancel_request(self) -> None:
        """CancelSpotInstanceRequests."""
        self.request_open = False

    def shut_down(self) -> None:
        """The operating system powers off, of which EC2 says no time; protection is against the calls alone."""
        if self.state is not InstanceState.RUNNING:
            return
        if self.traits.spot is SpotKind.ONE_TIME:
            self._leave("box", InstanceState.SHUTTING_DOWN, 30 * SECOND)
        else:
            stuck = self.random.random() < self.traits.stuck_chance
            self._leave("box", InstanceState.STOPPING, STUCK if stuck else 40 * SECOND, InstanceState.STOPPED)
        self.state_changed_at = None

    def take_back(self) -> None:
        """EC2 interrupts the spot instance: a persistent request stops it and starts it again some day."""
        if self.state not in ALIVE:
            return
        if self.traits.spot is SpotKind.PERSISTENT:
            self._leave("interruption", InstanceState.STOPPING, 60 * SECOND, InstanceState.STOPPED)
        else:
            self._leave("interruption", InstanceState.SHUTTING_DOWN, 30 * SECOND)

    def _accept(self, operation: str, *, stops: bool) -> InstanceState:
        if self.gone:
            raise CloudError(f"ec2:{operation}", "InvalidInstanceID.NotFound", "no such id", ErrorKind.NOT_FOUND)
        if stops and self.traits.spot is SpotKind.ONE_TIME and self.state in ALIVE:
            raise CloudError(f"ec2:{operation}", "UnsupportedOperation", "one-time spot", ErrorKind.UNSUPPORTED)
        if self.protected and self.state in ALIVE:
            raise CloudError(f"ec2:{operation}", "OperationNotPermitted", "stop protection", ErrorKind.REFUSED)
        wrong = {InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED, InstanceState.PENDING}
        if stops and self.state in wrong:
            raise CloudError(f"ec2:{operation}", "IncorrectInstanceState", self.state, ErrorKind.TRANSIENT)
        return self.state

    def _leave(self, by: str, through: InstanceState, lasts: int, to: InstanceState = InstanceState.TERMINATED) -> None:
        launch = self.launch
        launch.left_running_at = self.state_changed_at = self.timeline.now
        launch.left_by = by
        self._become(through)
        self._later(lasts, to)
        self.on_shutdown(launch)

    def _become(self, state: InstanceState) -> None:
        self.state = state
        self._generation += 1
        self.timeline.trace("ec2      instance is {}", state)

    def _later(self, delay: int, state: InstanceState) -> None:
        generation = self._generation

        def arrive() -> None:
            if self._generation != generation:
                return
            self._become(state)
            if state in {InstanceState.STOPPED, InstanceState.TERMINATED}:
                self.launch.stopped_at = self.launch.stopped_at or self.timeline.now
                self.on_power_off(self.launch)
            if state is InstanceState.TERMINATED:
                self.timeline.after(HOUR + self.random.randint(0, 10 * MINUTE), self._vanish)

        self.timeline.after(delay, arrive)

    def _vanish(self) -> None:
        self.gone = True
