"""How a call of an invocation goes: it takes time, it is counted, and it fails as the faults say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from monitor_runtime.cloud.interface import CloudError, ErrorKind
from sandbox.simulation.world.process import Process, ProcessClock
from sandbox.simulation.world.record import Check, Refusal
from sandbox.simulation.world.tampering import NEEDED, Right
from sandbox.simulation.world.timeline import SECOND
from sandbox.simulation.world.weather import Plan, injected
from sandbox.simulation.world.world import World

Value = TypeVar("Value")

SLOW = 2 * SECOND
"""A call that takes longer counts as a fault: it can carry a check past a time that it was in time for."""

ENDINGS = frozenset({"stop_instance", "terminate_instance", "cancel_spot_request"})
"""Calls whose refusal is the refusal of an ending."""


class SimulatedCalls:
    """Each call takes its time before and after it takes effect."""

    def __init__(self, world: World, process: Process, check: Check) -> None:
        self._world = world
        self._process = process
        self._check = check
        self._calls: Counter[str] = Counter()
        self.clock = ProcessClock(process)

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests sent so far, by service."""
        return self._calls

    def call(self, service: str, kind: str, effect: Callable[[], Value], *, needs: Right | None = None) -> Value:
        """Every call goes through here. ``needs``: the right for it, where its kind alone does not say that."""
        self._calls[service] += 1
        process = self._process
        plan = self._planned(service, kind, needs or NEEDED.get(kind))
        process.spend(plan.before)
        if plan.error is None:
            try:
                return effect()
            finally:
                process.spend(plan.after)
        if plan.applied:
            self._attempted(effect)
        process.spend(plan.after)
        raise injected(kind, plan.error)

    def _planned(self, service: str, kind: str, needs: Right | None) -> Plan:
        world, check = self._world, self._check
        plan = world.faults_of(check.trigger).plan(kind, self._process.moment)
        world.record.calls[service] += 1
        check.kinds[kind] += 1
        if plan.error is not None or plan.after >= SLOW:
            check.disturbed = True
            world.record.injected.append((self._process.moment, kind))
            world.timeline.trace("fault    {} in check {}: {}", kind, check.number, plan.error or "slow")
        denied = needs is not None and world.record.lacks(needs, world.timeline.now)
        if denied and needs is not None:
            plan = self._denied(plan, needs)
        check.failed[kind] += plan.error is not None
        if plan.error is ErrorKind.REFUSED and kind in ENDINGS:
            launch = world.machine.launch.number
            world.record.refusals.append(Refusal(launch, world.timeline.now, by_denial=denied))
        return plan

    def _denied(self, plan: Plan, right: Right) -> Plan:
        """A call that reaches AWS is refused, now and ever after."""
        self._check.denied.add(right)
        self._world.record.denied_calls += 1
        self._world.timeline.trace("denied   {} in check {}", right, self._check.number)
        return replace(plan, error=plan.error or ErrorKind.REFUSED, applied=False)

    def _attempted(self, effect: Callable[[], object]) -> None:
        """The answer is lost on the way, whatever it was."""
        with suppress(CloudError):
            effect()
