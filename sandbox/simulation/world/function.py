"""Lambda: runs the monitor, kills what takes too long, retries what failed once, and keeps the rest in the DLQ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from monitor_runtime.act.report import Report
from monitor_runtime.contract.lateness import TIMEOUT_SECONDS
from monitor_runtime.dispatch import Dispatcher, Reply
from sandbox.simulation.world.process import Process, TimedOutError
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.scenario import MONITOR
from sandbox.simulation.world.simulated_cloud import SimulatedCloud
from sandbox.simulation.world.timeline import MINUTE, SECOND
from sandbox.simulation.world.weather import FUNCTION
from sandbox.simulation.world.world import REGION, World

TIMEOUT = TIMEOUT_SECONDS * SECOND
RETRIES = 1


class BrokenFunctionError(Exception):
    """The function failed before it had done anything."""


class Function:
    """The monitor's function. Any number of invocations run at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random(f"{world.scenario.seed}:function")

    def invoke(self, trigger: str, event: Mapping[str, Any]) -> None:
        """An asynchronous invocation, tried again once when it fails."""
        _Invocation(self, self._world, trigger, event, RETRIES).begin()

    def invoke_once(self, trigger: str, event: Mapping[str, Any]) -> None:
        """A synchronous invocation: the one who calls sees the error."""
        _Invocation(self, self._world, trigger, event, 0).begin()

    def failed(self, trigger: str, event: Mapping[str, Any], retries: int) -> None:
        """An invocation came to nothing."""
        if retries:
            delay = MINUTE + self._random.randint(0, 5 * SECOND)
            world = self._world
            world.timeline.after(delay, lambda: _Invocation(self, world, trigger, event, retries - 1).begin())
        else:
            self._world.record.dead_letters += 1


@dataclass(frozen=True, slots=True)
class _Journal:
    """Of all that the monitor writes down, the oracle reads the replies of its checks."""

    check: Check

    def about(self, run: str) -> None:
        """See `Journal.about`."""

    def checked(self, report: Report, reply: Reply) -> None:
        """See `Journal.checked`."""
        del report
        self.check.reply = reply

    def audited(self, report: Report, reply: Reply) -> None:
        """See `Journal.audited`."""
        self.checked(report, reply)

    def ignored(self, trigger: str, reason: str) -> None:
        """See `Journal.ignored`."""

    def released(self, reply: Reply) -> None:
        """See `Journal.released`."""

    def failed(self, error: Exception) -> None:
        """See `Journal.failed`."""


class _Invocation:
    def __init__(self, function: Function, world: World, trigger: str, event: Mapping[str, Any], retries: int) -> None:
        self._function = function
        self._world = world
        self._trigger = trigger
        self._event = event
        self._retries = retries
        timeline, record = world.timeline, world.record
        self._machine = world.machine
        self._process = Process(timeline, timeline.now + TIMEOUT)
        self._check = Check(len(record.checks), trigger, timeline.now, self._machine.state, self._machine.launch.number)
        self._check.tampered = world.tampered()
        record.checks.append(self._check)

    def begin(self) -> None:
        timeline = self._world.timeline
        timeline.trace("check {:3} begins: {}", self._check.number, self._trigger)
        if self._world.faults_of(self._trigger).fails_now(FUNCTION, timeline.now):
            self._check.disturbed = True
            self._fail(BrokenFunctionError("injected"))
        else:
            self._process.run(self._run)

    def _run(self) -> None:
        process = self._process
        cloud = SimulatedCloud(self._world, process, self._check)
        monitor = Dispatcher(
            name=MONITOR,
            region=REGION,
            cloud=cloud,
            clock=cloud.clock,
            remaining_seconds=lambda: (process.limit - process.moment) / SECOND,
            notifies=self._world.scenario.notifies,
            journal=_Journal(self._check),
        )
        try:
            self._check.reply = monitor.handle(self._event)
        except TimedOutError:
            self._check.killed = True
            self._check.reply = None
            self._fail(None)
            return
        except Exception as error:  # noqa: BLE001 - the oracle judges which of them may come out
            self._fail(error)
            return
        self._end()

    def _fail(self, error: Exception | None) -> None:
        self._check.error = error
        self._world.timeline.trace("check {:3} failed: {}", self._check.number, error or "timed out")
        self._end()
        self._function.failed(self._trigger, self._event, self._retries)

    def _end(self) -> None:
        check, world = self._check, self._world
        check.ended_at = world.timeline.now
        check.state_at_end = self._machine.state
        check.tampered_after = world.tampered()
        switch = world.scheduler.schedules.get(self._machine.switch_name)
        check.switch_after = switch.at if switch else None
        reply = check.reply or {}
        world.timeline.trace("check {:3} {}: {}", check.number, reply.get("decision"), reply.get("reason"))
