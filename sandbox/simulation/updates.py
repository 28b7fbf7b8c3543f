"""What ``pulumi up`` and ``pulumi destroy`` do to a run that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.world.function import Function
from sandbox.simulation.world.machine import Machine
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.scenario import ReplacementPlan
from sandbox.simulation.world.timeline import SECOND
from sandbox.simulation.world.world import World

_OVER = frozenset({InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED})


class Updates:
    """Pulumi: removes in the order of dependencies, and waits for each step before the next."""

    def __init__(self, world: World, function: Function, launch: Callable[[], None]) -> None:
        """``launch`` starts the instance that Pulumi has in its state, and has its first check come."""
        self._world = world
        self._function = function
        self._launch = launch
        self._first_check: Check | None = None
        self._random = Random(f"{world.scenario.seed}:updates")

    def first_check(self) -> None:
        """The resource of the first check is created."""
        self._first_check = self._invoke("first-check", "create")

    def destroy(self) -> None:
        """The first check's resource goes first, then the instance, then the heartbeat."""
        self._wait(self._is_up, self._destroy)

    def _destroy(self) -> None:
        world, machine = self._world, self._world.machine
        if machine.state in _OVER:
            return
        world.record.destroyed_at = world.timeline.now
        world.timeline.trace("pulumi   destroys the stack")

        def end() -> None:
            world.scheduler.heartbeat_on = False

        self._release(lambda: world.timeline.after(self._pause(), lambda: self._remove(machine, end)))

    def replace(self, plan: ReplacementPlan) -> None:
        """Another instance in place of the one that is there, which is removed first.

        As planned, EC2 does not let it be removed at once, or somebody took it out of Pulumi's state before.
        """
        self._wait(self._is_up, lambda: self._replace(plan))

    def _is_up(self) -> bool:
        """One update ends before the next begins: with the first check of the instance that it has made."""
        return self._first_check is not None and self._first_check.ended_at is not None

    def _replace(self, plan: ReplacementPlan) -> None:
        world, machine = self._world, self._world.machine
        if machine.state in _OVER or world.record.destroyed_at is not None:
            return
        world.timeline.trace("pulumi   replaces the instance")
        world.record.replaced_at = world.timeline.now
        self._first_check = None

        def launch() -> None:
            world.let_go_of_holds()
            world.add_machine(replace(machine.traits, instance_id=plan.instance_id))
            self._launch()

        if plan.abandons_old:
            launch()
        else:
            lives_on_for = plan.lives_on_for + self._pause()
            self._release(lambda: world.timeline.after(lives_on_for, lambda: self._remove(machine, launch)))

    def _pause(self) -> int:
        """What Pulumi does between two resources of the run: other resources."""
        return self._random.randint(SECOND, 90 * SECOND)

    def _invoke(self, name: str, action: str) -> Check:
        """Send the event with which the first check's resource is created or deleted."""
        world, number = self._world, len(self._world.record.checks)
        event = {"trigger": "first-check", "settings": world.document, "tf": {"action": action}}
        self._function.invoke_once(name, event)
        return world.record.checks[number]

    def _release(self, then: Callable[[], None]) -> None:
        release = self._invoke("forget", "delete")
        self._wait(lambda: release.ended_at is not None, then)

    def _remove(self, machine: Machine, then: Callable[[], None]) -> None:
        if machine.state not in _OVER and not machine.gone:
            machine.protected = False
            machine.cancel_request()
            machine.terminate("pulumi")
        self._wait(lambda: machine.gone or machine.state is InstanceState.TERMINATED, then)

    def _wait(self, done: Callable[[], bool], then: Callable[[], None]) -> None:
        if done():
            then()
        else:
            self._world.timeline.after(5 * SECOND, lambda: self._wait(done, then))
