"""One lifecycle from the seed to the record: the launch, the triggers, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import read_refusals
from monitor_runtime.contract.times import format_time
from sandbox.simulation.updates import Updates
from sandbox.simulation.world.function import Function
from sandbox.simulation.world.machine import ALIVE, Machine
from sandbox.simulation.world.record import HoldTruth, Pardon, Record
from sandbox.simulation.world.scenario import FAILURE_NAMES, MARKER_NAMES, HoldPlan, Scenario, draw_scenario
from sandbox.simulation.world.tampering import Tampering, TamperingPlan
from sandbox.simulation.world.timeline import DAY, HOUR, MINUTE, SECOND, to_datetime, to_milliseconds
from sandbox.simulation.world.world import World

LAUNCHED_AT = 10 * MINUTE
"""Time before the launch, in which an earlier run may have left markers."""


class Lifecycle:
    """A run from its declaration to the time when all is quiet again."""

    def __init__(self, scenario: Scenario, *, traced: bool = False) -> None:
        self.scenario = scenario
        self.world = World(scenario, traced=traced)
        self._function = Function(self.world)
        self._people = Random(f"{scenario.seed}:people")
        self._tools = Random(f"{scenario.seed}:tools")
        self._restarts_left = scenario.restarts
        self._busy_until = 0
        self.world.invoke = self._function.invoke
        self.world.on_power_off = self._powered_off
        self._updates = Updates(self.world, self._function, self._start)

    def run(self) -> Record:
        """Everything, from the launch to the end."""
        world = self.world
        self._at(0, self._leave_stale_markers)
        self._at(LAUNCHED_AT, self._launch)
        world.timeline.run(100 * DAY, self._is_settled)
        record = world.record
        record.finished_at = world.timeline.now
        record.orphan_launched_by = next(filter(None, (each.orphan_launched_by for each in world.machines)), "")
        return record

    def _at(self, moment: int, action: Callable[[], None]) -> None:
        self.world.timeline.at(moment, action)

    def _launch(self) -> None:
        world, scenario, settings = self.world, self.scenario, self.scenario.settings
        replacement = scenario.replacement
        heartbeat = {"trigger": "heartbeat", "settings": world.document}
        self._start()
        world.scheduler.start_heartbeat(
            settings.max_interval_seconds * SECOND, lambda: world.invoke("heartbeat", heartbeat)
        )
        start = LAUNCHED_AT
        self._audit_in(self._tools.randint(1, HOUR))
        if scenario.tampering:
            self._at(start + scenario.tampering.at, lambda: self._tamper(scenario.tampering))
        if scenario.denial:
            self._at(start + scenario.denial.at, self._deny)
        for hold in scenario.holds:
            self._at(start + hold.at, self._holding(hold))
        for moment, action in (
            (scenario.stopped_by_hand_at, self._stop_by_hand),
            (scenario.interrupted_at, world.warn_of_interruption),
            (scenario.unprotected_after, self._lift_protection),
            (scenario.destroyed_at, self._updates.destroy),
            (replacement.at if replacement else None, lambda: replacement and self._updates.replace(replacement)),
        ):
            if moment is not None:
                self._at(start + moment, action)

    def _start(self) -> None:
        """Launch the instance that Pulumi has just made, and check it first."""
        machine = self.world.machine
        machine.protected = self.scenario.machine.protected
        machine.start()
        self.world.timeline.after(self.scenario.first_check_after, self._updates.first_check)
        self._extend()

    def _extend(self) -> None:
        """How long there is something to see, at most: past every due time and fault, and some heartbeats more."""
        scenario, settings, launch = self.scenario, self.scenario.settings, self.world.machine.launch
        work = scenario.works_for + (settings.grace_seconds + settings.verify_timeout_seconds) * SECOND + HOUR
        deadline = int(settings.max_runtime_hours * HOUR)
        holds = [LAUNCHED_AT + hold.at for hold in scenario.holds] + [
            LAUNCHED_AT + (hold.cleared_at or hold.until or 0) for hold in scenario.holds
        ]
        moments = [launch.at + work, launch.at + deadline, self.world.faults.over_at, *holds, self._replaced_by]
        self._busy_until = max(self._busy_until, *moments) + self._tail

    @property
    def _replaced_by(self) -> int:
        """When a replacement that was planned is over."""
        plan = self.scenario.replacement
        return LAUNCHED_AT + plan.at + plan.lives_on_for + HOUR if plan else 0

    @property
    def _tail(self) -> int:
        return 3 * self.scenario.settings.max_interval_seconds * SECOND + 12 * MINUTE

    def _is_settled(self) -> bool:
        return self.world.timeline.now > self._busy_until > 0

    def _powered_off(self, machine: Machine) -> None:
        """When the instance is off, only what was left undone needs more time; somebody may start it again."""
        world, timeline, launch = self.world, self.world.timeline, machine.launch
        quiet = max(timeline.now, world.faults.over_at, self._replaced_by) + self._tail
        if any(each.state in ALIVE for each in world.machines):
            quiet = max(quiet, self._busy_until)
        if machine.state is InstanceState.STOPPED:
            keep = self.scenario.settings.terminate_after_days
            delay: int | None = None
            if launch.left_by == "interruption" and machine.request_open:
                delay = self._people.randint(10 * MINUTE, HOUR)
            elif self._restarts_left and world.record.destroyed_at is None:
                self._restarts_left -= 1
                delay = self._people.randint(1, 120) * MINUTE
            if delay is not None:
                timeline.after(delay, lambda: self._restart(machine))
                quiet = max(quiet, timeline.now + delay + MINUTE)
            elif keep:
                quiet = max(quiet, timeline.now + keep * DAY + self._tail)
        self._busy_until = quiet

    def _restart(self, machine: Machine) -> None:
        if machine.state is InstanceState.STOPPED:
            self.world.timeline.trace("people   start it again")
            machine.start()
            self._extend()

    def _leave_stale_markers(self) -> None:
        settings = self.scenario.settings
        if self.scenario.stale_markers:
            for name in (*MARKER_NAMES[settings.markers][:1], *FAILURE_NAMES[settings.failure_markers][:1]):
                self.world.bucket.put(settings.prefix + name, 0)

    def _holding(self, plan: HoldPlan) -> Callable[[], None]:
        world = self.world
        until = None if plan.until is None else LAUNCHED_AT + plan.until

        def clear(truth: HoldTruth) -> None:
            truth.cleared_at = truth.cleared_at or world.timeline.now
            world.machine.tags.pop(names.TAG_HOLD_UNTIL, None)
            world.timeline.trace("people   take the hold off")

        def happen() -> None:
            truth = HoldTruth(world.timeline.now, None if until is None else until - until % SECOND)
            world.record.holds.append(truth)
            value = plan.text if until is None else format_time(to_datetime(until))
            world.machine.tags[names.TAG_HOLD_UNTIL] = value
            world.timeline.trace("people   hold until {}", value)
            if plan.cleared_at is not None:
                self._at(LAUNCHED_AT + plan.cleared_at, lambda: clear(truth))

        return happen

    def _stop_by_hand(self) -> None:
        machine = self.world.machine
        if machine.state is InstanceState.RUNNING and not machine.protected:
            self.world.timeline.trace("people   end it by hand")
            if machine.traits.spot.value == "one-time spot":
                machine.terminate("people")
            else:
                machine.stop("people")

    def _audit_in(self, delay: int) -> None:
        """EventBridge's rule: once an hour, whatever else there is or is not."""

        def audit() -> None:
            self._audit_in(HOUR)
            self.world.invoke("audit", {"trigger": "audit"})

        self.world.timeline.after(delay, audit)

    def _tamper(self, plan: TamperingPlan | None) -> None:
        """Once the first check is over: before that, there is nothing to take away."""
        world, machine = self.world, self.world.machine
        if plan is None or machine.state not in ALIVE or not machine.tags.get(names.TAG_ARMED):
            return
        world.record.tampered_at = world.timeline.now
        world.timeline.trace("people   {}", plan.kind)
        if plan.kind is Tampering.HEARTBEAT_DISABLED:
            world.scheduler.heartbeat_enabled = False
        elif plan.kind is Tampering.SWITCH_DELETED:
            world.scheduler.delete(machine.switch_name)
        elif plan.kind is Tampering.SWITCH_DISABLED:
            world.scheduler.tamper(machine.switch_name, enabled=False)
        elif plan.kind is Tampering.SWITCH_MOVED:
            later = world.timeline.now + 90 * DAY
            world.scheduler.tamper(machine.switch_name, at=later - later % SECOND)
        else:
            self._strip(plan, machine)
        self._busy_until = max(self._busy_until, world.timeline.now + plan.undone_after + HOUR + self._tail)

        def enable() -> None:
            world.scheduler.heartbeat_enabled = True

        world.timeline.after(plan.undone_after, enable)

    def _deny(self) -> None:
        world, denial = self.world, self.scenario.denial
        world.record.denied_at = world.timeline.now
        world.timeline.trace("people   deny the monitor {}", denial and denial.right)

    def _strip(self, plan: TamperingPlan, machine: Machine) -> None:
        """Pulumi puts back the tags that it made, and no others."""
        put_back = self.world.first_tags()
        if plan.kind is Tampering.MONITOR_STRIPPED:
            del machine.tags[names.TAG_MONITOR]
        else:
            machine.tags.clear()
        self.world.timeline.after(plan.undone_after, lambda: machine.tags.update(put_back))

    def _lift_protection(self) -> None:
        now = self.world.timeline.now
        self.world.machine.protected = False
        self.world.record.unprotected_at = now
        if told := read_refusals(self.world.machine.tags.pop(names.TAG_REFUSED, "")):
            self.world.record.pardon = Pardon(now, to_milliseconds(told.at))
        self.world.timeline.trace("people   lift the stop protection")


def run_lifecycle(seed: int, *, traced: bool = False) -> tuple[Record, list[str]]:
    """The record of the lifecycle that the seed says, and its trace if one was asked for."""
    lifecycle = Lifecycle(draw_scenario(seed), traced=traced)
    record = lifecycle.run()
    return record, lifecycle.world.timeline.lines
