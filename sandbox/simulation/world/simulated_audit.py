"""The part of `monitor_runtime.cloud.interface.Cloud` that audits use, on the simulated world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor_runtime.cloud.interface import CloudError, DeadlineSwitch, ErrorKind
from monitor_runtime.cloud.pages import InstancePage, Schedule, SchedulePage
from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract import names
from sandbox.simulation.world.simulated_calls import SimulatedCalls
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import to_datetime, to_schedule_time

_OVER = frozenset({InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED, InstanceState.GONE})


class SimulatedAudit(SimulatedCalls):
    """Listings of everything, and dry runs."""

    def list_schedules(self, prefix: str = "", token: str | None = None) -> SchedulePage:
        """See `Cloud.list_schedules`. The schedules of one run fit into a page."""
        del token
        return self.call(
            "scheduler",
            "list_schedules",
            lambda: SchedulePage(tuple(each for each in self._schedules() if each.name.startswith(prefix))),
        )

    def find_schedule(self, name: str) -> Schedule | None:
        """See `Cloud.find_schedule`."""
        return self.call(
            "scheduler", "find_schedule", lambda: next((each for each in self._schedules() if each.name == name), None)
        )

    def has_deadline_switch(self, switch: DeadlineSwitch) -> bool:
        """See `Cloud.has_deadline_switch`."""

        def effect() -> bool:
            found = self._world.scheduler.schedules.get(switch.name)
            wanted = (to_schedule_time(switch.at), str(switch.action))
            return found is not None and found.enabled and (found.at, found.does) == wanted

        return self.call("scheduler", "has_deadline_switch", effect)

    def heartbeat_was_changed(self, run: str, monitor: str) -> bool:
        """See `Cloud.heartbeat_was_changed`. Nobody changes one here."""
        del run, monitor
        return self.call("scheduler", "heartbeat_was_changed", lambda: False)

    def _schedules(self) -> Sequence[Schedule]:
        scheduler = self._world.scheduler
        own = [Schedule(each.name, each.enabled, to_datetime(each.set_at)) for each in scheduler.schedules.values()]
        if not scheduler.heartbeat_on:
            return own
        heartbeat = names.heartbeat_name(self._world.settings.run)
        return [*own, Schedule(heartbeat, scheduler.heartbeat_enabled, to_datetime(0))]

    def list_instances(self, tags: Mapping[str, str], token: str | None = None) -> InstancePage:
        """See `Cloud.list_instances`."""
        del token

        def effect() -> InstancePage:
            live = (each for each in self._instances() if each.state not in _OVER)
            return InstancePage(tuple(each for each in live if tags.items() <= each.tags.items()))

        return self.call("ec2", "list_instances", effect)

    def find_by(self, attribute: str, values: Sequence[str]) -> Sequence[Instance]:
        """See `Cloud.find_by`."""

        def has_it(instance: Instance) -> bool:
            tag = attribute.removeprefix("tag:")
            return (instance.instance_id if attribute == "instance-id" else instance.tags.get(tag)) in values

        return self.call("ec2", "find_by", lambda: [each for each in self._instances() if has_it(each)])

    def may_end(self, instance_ids: Sequence[str]) -> Sequence[CloudError]:
        """See `Cloud.may_end`. A stop protection is no matter of rights."""
        del instance_ids

        def effect() -> Sequence[CloudError]:
            record, now = self._world.record, self._process.moment
            denied = [right for right in (Right.STOP, Right.TERMINATE) if record.lacks(right, now)]
            return [CloudError(right, "UnauthorizedOperation", "denied", ErrorKind.REFUSED) for right in denied]

        try:
            return self.call("ec2", "may_end", effect)
        except CloudError as error:
            return [error]

    def _instances(self) -> Sequence[Instance]:
        described = [machine.describe() for machine in self._world.machines if machine.launches]
        return [each for each in described if each.state is not InstanceState.GONE]
