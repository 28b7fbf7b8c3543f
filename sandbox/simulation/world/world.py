"""The simulated world: the instance, its box, the bucket, the schedules, and how they hang together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from monitor_runtime.cloud.interface import CloudError, ErrorKind
from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time, parse_time
from sandbox.simulation.world.box import Box
from sandbox.simulation.world.bucket import Bucket, Written
from sandbox.simulation.world.eventbridge import OneTime, Scheduler
from sandbox.simulation.world.machine import ALIVE, Launch, Machine, MachineTraits, SpotKind
from sandbox.simulation.world.record import Check, Ending, Firing, Record
from sandbox.simulation.world.scenario import FAILURE_NAMES, MARKER_NAMES, MONITOR, Scenario
from sandbox.simulation.world.tampering import OF_SWITCH, Tampering
from sandbox.simulation.world.timeline import MINUTE, SECOND, Timeline, to_datetime, to_milliseconds
from sandbox.simulation.world.weather import Delivery, Faults, Weather, draw_faults

REGION = "us-east-1"
PERIOD = 5 * MINUTE
BUSY, RESTING = 95.0, 1.0
SWITCH_RETRIES = (0, 1, 2, 4, 8, 16, 29)
"""Minutes between the attempts of the deadline switch: an hour in all, as its retry policy says."""

Invoke = Callable[[str, Mapping[str, Any]], None]


class World:
    """Everything outside the monitor. ``invoke`` is set by whoever runs the monitor's function."""

    def __init__(self, scenario: Scenario, *, traced: bool = False) -> None:
        self.scenario = scenario
        self.settings = scenario.settings
        self.timeline = Timeline(traced=traced)
        self.random = Random(f"{scenario.seed}:world")
        drawn = Random(f"{scenario.seed}:faults")
        self.faults = draw_faults(drawn, scenario.weather, scenario.works_for, Random(f"{scenario.seed}:calls"))
        self._faults_of_audits = replace(self.faults, random=Random(f"{scenario.seed}:calls of audits"))
        self.bucket = Bucket(self.timeline, scenario.skew, scenario.page_size, self._written)
        self.box = Box(self.timeline, scenario, self.bucket, self._shut_down)
        self.machines: list[Machine] = []
        launches: list[Launch] = []
        self.record = Record(scenario, self.bucket, launches, self.box.trainings)
        self.add_machine(scenario.machine)
        self.scheduler = Scheduler(self.timeline, self.faults, Random(f"{scenario.seed}:scheduler"), self._trigger_lost)
        self.document = self.settings.to_document()
        self.heartbeat_input = json.dumps({"trigger": "heartbeat", "settings": self.document})
        self.invoke: Invoke = lambda _trigger, _event: None
        self.on_power_off: Callable[[Machine], None] = lambda _machine: None

    @property
    def machine(self) -> Machine:
        """The instance that Pulumi has in its state."""
        return self.machines[-1]

    def faults_of(self, trigger: str) -> Faults:
        """The faults of an invocation; those of audits are drawn apart, and change no other ones."""
        return self._faults_of_audits if trigger == "audit" else self.faults

    def add_machine(self, traits: MachineTraits) -> None:
        """Another instance of the run, which is launched by starting it."""

        def power_off(launch: Launch) -> None:
            self.box.power_off(launch)
            self.on_power_off(machine)

        machine = Machine(
            self.timeline,
            traits,
            Random(f"{self.scenario.seed}:machine {len(self.machines)}"),
            self.box.boot,
            lambda launch: self.box.signal(launch) and None,
            power_off,
            self.first_tags(),
            self.record.launches,
        )
        self.machines.append(machine)

    def _shut_down(self, launch: Launch) -> None:
        next(machine for machine in self.machines if launch in machine.launches).shut_down()

    def machine_of(self, instance_id: str) -> Machine:
        """The machine with that id.

        Raises:
            CloudError: when there never was one.
        """
        for machine in self.machines:
            if machine.traits.instance_id == instance_id:
                return machine
        raise CloudError("ec2:any", "InvalidInstanceID.NotFound", instance_id, ErrorKind.NOT_FOUND)

    def first_tags(self) -> dict[str, str]:
        """The tags that Pulumi gives an instance."""
        settings = self.settings
        return {
            **names.run_tags(MONITOR, settings.run),
            names.TAG_SCHEDULE: names.heartbeat_name(settings.run),
            names.TAG_OUTPUT: names.output_tag(settings.bucket, settings.prefix),
        }

    def tampered(self) -> Tampering | None:
        """The deed that still has its effect; one upon a switch, on the launch to which it was done."""
        plan, machine = self.scenario.tampering, self.machine
        at = self.record.tampered_at
        if plan is None or at is None or (plan.kind in OF_SWITCH and machine.launch.at > at):
            return None
        switch = self.scheduler.schedules.get(machine.switch_name)
        tag = machine.tags.get(names.TAG_ARMED, "")
        told = None if tag.endswith("unsure") else parse_time(tag.partition(" ")[0])
        armed = told is not None and to_milliseconds(told) > self.timeline.now
        in_effect = {
            Tampering.SWITCH_DELETED: armed and switch is None,
            Tampering.SWITCH_DISABLED: armed and switch is not None and not switch.enabled,
            Tampering.SWITCH_MOVED: armed and switch is not None and switch.set_at == at,
            Tampering.HEARTBEAT_DISABLED: not self.scheduler.heartbeat_enabled,
            Tampering.TAGS_STRIPPED: not machine.is_monitored,
            Tampering.MONITOR_STRIPPED: not machine.is_monitored,
        }
        return plan.kind if in_effect[plan.kind] else None

    def let_go_of_holds(self) -> None:
        """Another instance does not have the tags that people gave the one before it."""
        for hold in self.record.holds:
            hold.cleared_at = hold.cleared_at or self.timeline.now

    def follow_up(self, name: str, at: int, event: Mapping[str, Any]) -> OneTime:
        """The schedule that calls the monitor once more."""

        def fire(delivery: Delivery) -> None:
            self.scheduler.deliver(delivery, lambda: self.invoke("follow-up", event))

        return OneTime(name, at, fire, "follow-up", self.timeline.now, input=json.dumps(event))

    def deadline_switch(self, name: str, at: int, action: Action, machine: Machine) -> OneTime:
        """The schedule that calls EC2 without the monitor."""
        set_for = machine.launch.number

        def fire(delivery: Delivery) -> None:
            launch = machine.launch.number
            if not delivery.delays or self.faults.random.random() < self.faults.switch_loss_chance:
                self.timeline.trace("switch   lost")
                self.record.firings.append(
                    Firing(at, self.timeline.now, set_for, launch, delivered=False, failed=False, hit=False)
                )
                return
            self.record.switch_arrives_at = self.timeline.now + max(delivery.delays)
            for delay in delivery.delays:
                self.timeline.after(delay, lambda: self._switch(machine, at, action, set_for, 0))

        return OneTime(name, at, fire, str(action), self.timeline.now)

    def _switch(self, machine: Machine, due_at: int, action: Action, set_for: int, attempt: int) -> None:
        launch, now, alive = machine.launch, self.timeline.now, machine.state in ALIVE
        failed = self.faults.fails_now("stop_instance" if action is Action.STOP else "terminate_instance", now)
        retries = failed
        if not failed and not machine.is_monitored:
            failed, retries = True, False
        if not failed:
            try:
                if action is Action.STOP:
                    machine.stop("switch")
                else:
                    machine.terminate("switch")
            except CloudError as error:
                failed, retries = True, error.kind is ErrorKind.TRANSIENT
        hit = alive and not failed
        self.timeline.trace("switch   {}: {}", action, "failed" if failed else "stopped it" if hit else "nothing to do")
        self.record.firings.append(Firing(due_at, now, set_for, launch.number, delivered=True, failed=failed, hit=hit))
        if retries and attempt + 1 < len(SWITCH_RETRIES):
            later = SWITCH_RETRIES[attempt + 1] * MINUTE
            self.timeline.after(later, lambda: self._switch(machine, due_at, action, set_for, attempt + 1))

    def datapoints(self, machine: Machine, start: int, end: int) -> Mapping[datetime, float]:
        """The maxima of the periods in which the instance was running throughout."""
        training = self.box.trainings[machine.launch.number]
        first = training.launch.at
        return {
            to_datetime(period): BUSY if training.is_busy(period, period + PERIOD) else RESTING
            for period in range(start, end, PERIOD)
            if period >= first and training.launch.is_on(period) and not self._datapoint_lost(period)
        }

    def _datapoint_lost(self, period: int) -> bool:
        """The same answer for the same period, however often it is asked for."""
        if not self.scenario.has_metric:
            return True
        return self.scenario.weather is not Weather.CALM and period // PERIOD % 37 == self.scenario.works_for % 37

    def signal_by_agent(self, machine: Machine) -> bool:
        """SIGTERM through the agent; False when there is none, or nobody answers."""
        if not self.scenario.has_agent or machine.state is not InstanceState.RUNNING:
            return False
        self.box.signal(machine.launch)
        return True

    def ending(self, check: Check, launch: Launch, action: Action, sent_at: int) -> Ending:
        """What the oracle needs to judge an ending that took effect just now."""
        training = self.box.trainings[launch.number]
        return Ending(
            check,
            launch,
            action,
            sent_at,
            self.timeline.now,
            check.described_at or 0,
            tuple(look for look in (check.looked_at, check.looked_until) if look is not None and check.looked_at),
            check.signalled_at,
            training.exited_at is not None and training.exited_at < self.timeline.now,
            tuple(
                upload.key
                for upload in self.bucket.uploads
                if upload.launch == launch.number and upload.completed_at is None
            ),
        )

    def _written(self, written: Written) -> None:
        """S3's event, if the name may be a marker's."""
        name = written.key.rpartition("/")[2]
        settings = self.settings
        known = MARKER_NAMES[settings.markers] + FAILURE_NAMES[settings.failure_markers]
        patterns = settings.markers + settings.failure_markers
        if not settings.s3_events or not self.record.launches:
            return
        if not (name.endswith(known) or any(fnmatchcase(name, entry) for entry in patterns)):
            return
        detail = {"bucket": {"name": settings.bucket}, "object": {"key": written.key, "size": written.size}}
        event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
        delivery = self.faults.deliver(self.random.randint(SECOND, 10 * SECOND))
        self.scheduler.deliver(delivery, lambda: self.invoke("s3-event", event))

    def warn_of_interruption(self) -> None:
        """EC2's warning, and two minutes later, most often, the end."""
        if self.machine.state not in ALIVE or self.scenario.machine.spot is SpotKind.NONE:
            return
        self.record.interrupted_at = self.timeline.now
        self.timeline.trace("ec2      will take the spot instance back")
        detail = {"instance-id": self.machine.traits.instance_id, "instance-action": "terminate"}
        kind, warned_at = "EC2 Spot Instance Interruption Warning", format_time(to_datetime(self.timeline.now))
        event = {"source": "aws.ec2", "detail-type": kind, "time": warned_at, "detail": detail}
        delivery = self.faults.deliver(self.random.randint(SECOND, 5 * SECOND))
        self.scheduler.deliver(delivery, lambda: self.invoke("spot-warning", event))
        if not self.scenario.interrupted_in_vain:
            self.timeline.after(2 * MINUTE, self.machine.take_back)

    def _trigger_lost(self) -> None:
        self.record.lost_triggers.append(self.timeline.now)
