"""`monitor_runtime.cloud.interface.Cloud` on the simulated world, as one invocation sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from monitor_runtime.cloud.interface import (
    Change,
    CloudError,
    CommandState,
    DeadlineSwitch,
    ErrorKind,
    FollowUp,
    MetricWindow,
)
from monitor_runtime.cloud.pages import Page, PartPage, UploadMarker, UploadPage
from monitor_runtime.cloud.values import Instance, InstanceState, StateChange
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.world.eventbridge import OneTime
from sandbox.simulation.world.machine import ALIVE, Machine
from sandbox.simulation.world.record import Notification, Refusal, Status, Tagging
from sandbox.simulation.world.simulated_audit import SimulatedAudit
from sandbox.simulation.world.tampering import NEEDED_TO, Right
from sandbox.simulation.world.timeline import to_datetime, to_milliseconds, to_schedule_time
from sandbox.simulation.world.world import REGION

Answer = TypeVar("Answer")


class SimulatedCloud(SimulatedAudit):
    """The world through the monitor's eyes and hands."""

    def describe_instance(self, instance_id: str) -> Instance:
        """See `Cloud.describe_instance`."""

        def effect() -> tuple[int, Instance]:
            return self._process.moment, self._world.machine_of(instance_id).describe()

        return self._described(*self.call("ec2", "describe_instance", effect))

    def find_instances(self, tags: Mapping[str, str], *, ended: bool = False) -> Sequence[Instance]:
        """See `Cloud.find_instances`."""

        def effect() -> tuple[int, Sequence[Instance]]:
            over = {InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED}
            hidden = {InstanceState.GONE} | (set[InstanceState]() if ended else over)
            described = [machine.describe() for machine in self._world.machines if machine.launches]
            found = [each for each in described if each.state not in hidden and tags.items() <= each.tags.items()]
            return self._process.moment, found

        return self._described(*self.call("ec2", "find_instances", effect))

    def outputs_below(self, monitor: str, place: str) -> Collection[str] | None:
        """See `Cloud.outputs_below`."""
        del monitor
        settings = self._world.settings
        place_of_run = names.output_tag(settings.bucket, settings.prefix)
        return self.call("ec2", "outputs_below", lambda: {place_of_run} if place_of_run.startswith(place) else ())

    def list_folder(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_folder`."""
        self._require_bucket(bucket)

        def effect() -> Page:
            if prefix == self._world.settings.prefix and token is None:
                self._check.looked_at = self._process.moment
            if not prefix.endswith(names.STARTED):
                self._check.looked_until = self._process.moment
            return self._world.bucket.list_folder(prefix, token)

        return self.call("s3", "list_folder", effect)

    def list_below(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_below`: the same call as that of a folder, and what fails of it is the same."""
        self._require_bucket(bucket)
        return self.call("s3", "list_folder", lambda: self._world.bucket.list_below(prefix, token))

    def read_object(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """See `Cloud.read_object`."""
        self._require_bucket(bucket)

        def effect() -> bytes:
            self._check.looked_until = self._process.moment
            body = self._world.bucket.read(key, max_bytes)
            if body is None:
                raise CloudError("s3:GetObject", "NoSuchKey", key, ErrorKind.NOT_FOUND)
            return body

        return self.call("s3", "read_object", effect)

    def read_written_at(self, bucket: str, key: str) -> datetime:
        """See `Cloud.read_written_at`: the same call as that of a body. What is not there is denied, as S3 does it."""
        self._require_bucket(bucket)

        def effect() -> datetime:
            stamp = self._world.bucket.stamp(key)
            if stamp is None:
                raise CloudError("s3:GetObject", "AccessDenied", key, ErrorKind.REFUSED)
            return to_datetime(stamp)

        return self.call("s3", "read_object", effect)

    def list_uploads(self, bucket: str, prefix: str, after: UploadMarker | None = None) -> UploadPage:
        """See `Cloud.list_uploads`."""
        self._require_bucket(bucket)
        return self.call("s3", "list_uploads", lambda: self._world.bucket.list_uploads(prefix, after))

    def list_parts(self, bucket: str, key: str, upload_id: str, after: int | None = None) -> PartPage:
        """See `Cloud.list_parts`."""
        self._require_bucket(bucket)
        del key, after
        return self.call("s3", "list_parts", lambda: self._world.bucket.list_parts(int(upload_id)))

    def metric_maxima(self, instance_id: str, window: MetricWindow) -> Mapping[datetime, float]:
        """See `Cloud.metric_maxima`."""
        machine = self._world.machine_of(instance_id)
        start, end = to_milliseconds(window.start), to_milliseconds(window.end)
        return self.call("cloudwatch", "metric_maxima", lambda: self._world.datapoints(machine, start, end))

    def stop_instance(self, instance_id: str, *, force: bool = False) -> StateChange:
        """See `Cloud.stop_instance`."""
        machine = self._world.machine_of(instance_id)
        change = partial(machine.stop, "monitor", force=force)
        return self._end("stop_instance", Action.STOP, machine, change, force=force)

    def terminate_instance(self, instance_id: str) -> StateChange:
        """See `Cloud.terminate_instance`."""
        machine = self._world.machine_of(instance_id)
        return self._end("terminate_instance", Action.TERMINATE, machine, partial(machine.terminate, "monitor"))

    def cancel_spot_request(self, request_id: str) -> None:
        """See `Cloud.cancel_spot_request`."""
        machine = next(machine for machine in self._world.machines if machine.request_id == request_id)
        self.call("ec2", "cancel_spot_request", machine.cancel_request)

    def tag_instance(self, instance_id: str, tags: Mapping[str, str]) -> None:
        """See `Cloud.tag_instance`."""
        world, machine = self._world, self._world.machine_of(instance_id)

        def effect() -> None:
            if machine.gone:
                raise CloudError("ec2:CreateTags", "InvalidInstanceID.NotFound", instance_id, ErrorKind.NOT_FOUND)
            _require_right(machine, "ec2:CreateTags")
            machine.tags.update(tags)
            if tags.get(names.TAG_RELEASED):
                machine.launch.releases.append(world.timeline.now)
            world.record.taggings.append(Tagging(world.timeline.now, machine.launch.number, dict(tags), self._check))
            world.timeline.trace("ec2      tagged {}", dict(tags))

        self.call("ec2", "tag_instance", effect)

    def try_out(self, change: Change, resource_id: str) -> None:
        """See `Cloud.try_out`."""
        del resource_id
        self.call("ec2", "try_out", lambda: None, needs=NEEDED_TO[change])

    def stop_unit(self, instance_id: str, timeout_seconds: int) -> str:
        """See `Cloud.stop_unit`."""
        del timeout_seconds

        def effect() -> str:
            self._check.signalled_at = self._process.moment
            machine = self._world.machine_of(instance_id)
            if not self._world.signal_by_agent(machine):
                raise CloudError("ssm:SendCommand", "InvalidInstanceId", instance_id, ErrorKind.REFUSED)
            return str(machine.launch.number)

        return self.call("ssm", "stop_unit", effect)

    def command_state(self, command_id: str, instance_id: str) -> CommandState:
        """See `Cloud.command_state`."""
        del instance_id

        def effect() -> CommandState:
            exited = self._world.box.trainings[int(command_id)].exited_at is not None
            return CommandState.SUCCEEDED if exited else CommandState.RUNNING

        return self.call("ssm", "command_state", effect)

    def put_follow_up(self, follow_up: FollowUp) -> None:
        """See `Cloud.put_follow_up`."""
        schedule = self._world.follow_up(follow_up.name, to_schedule_time(follow_up.at), json.loads(follow_up.input))
        self._put("put_follow_up", schedule.name, lambda: schedule, replaces=follow_up.replaces)

    def put_deadline_switch(self, switch: DeadlineSwitch) -> None:
        """See `Cloud.put_deadline_switch`."""
        machine = self._world.machine_of(switch.instance_id)
        schedule = self._world.deadline_switch(switch.name, to_schedule_time(switch.at), switch.action, machine)
        self._put("put_deadline_switch", schedule.name, lambda: schedule)

    def delete_schedule(self, name: str) -> None:
        """See `Cloud.delete_schedule`."""
        self.call("scheduler", "delete_schedule", lambda: self._world.scheduler.delete(name))

    def schedule_input(self, name: str) -> str:
        """See `Cloud.schedule_input`."""

        def effect() -> str:
            scheduler = self._world.scheduler
            if name == names.heartbeat_name(self._world.settings.run) and scheduler.heartbeat_on:
                return self._world.heartbeat_input
            if name in scheduler.schedules:
                return scheduler.schedules[name].input
            raise CloudError("scheduler:GetSchedule", "ResourceNotFoundException", name, ErrorKind.NOT_FOUND)

        return self.call("scheduler", "schedule_input", effect)

    def publish(self, subject: str, message: str) -> None:
        """See `Cloud.publish`."""
        del subject
        record = self._world.record

        def effect() -> None:
            told = json.loads(message)
            if "outcome" not in told:
                world = self._world
                about = str(told.get("launched_at", ""))
                world.record.statuses.append(Status(self._process.moment, told["status"], self._check, about))
                world.timeline.trace("sns      told {}", told["status"])
                return
            outcome = Outcome(told["outcome"])
            record.notifications.append(
                Notification(self._process.moment, told["launched_at"] or "", outcome, self._check)
            )
            self._world.timeline.trace("sns      notified of {}", outcome)

        self.call("sns", "publish", effect)

    def bucket_region(self, bucket: str) -> str:
        """See `Cloud.bucket_region`."""
        self._require_bucket(bucket)
        return self.call("s3", "bucket_region", lambda: REGION)

    def bucket_sends_events(self, bucket: str) -> bool:
        """See `Cloud.bucket_sends_events`."""
        self._require_bucket(bucket)
        return self.call("s3", "bucket_sends_events", lambda: True)

    def _described(self, moment: int, answer: Answer) -> Answer:
        """What EC2 answered, and when: an answer that is lost on its way tells nothing."""
        check = self._check
        check.described_at = moment
        if check.first_described_at is None:
            check.first_described_at = moment
        return answer

    def _require_bucket(self, bucket: str) -> None:
        assert bucket == self._world.settings.bucket, f"the monitor asks for bucket {bucket}"  # noqa: S101 - an oracle

    def _put(self, kind: str, name: str, make: Callable[[], OneTime], *, replaces: bool = True) -> None:
        """Two calls where the schedule is there already, as on AWS."""
        scheduler = self._world.scheduler
        try:
            self.call("scheduler", kind, lambda: scheduler.create(make()), needs=Right.CREATE_SCHEDULE)
        except CloudError as error:
            if error.kind is not ErrorKind.CONFLICT or not replaces:
                raise
            self.call("scheduler", kind, lambda: scheduler.update(make()), needs=Right.UPDATE_SCHEDULE)
        self._world.timeline.trace("schedule {} set", name)

    def _end(
        self, kind: str, action: Action, machine: Machine, change: Callable[[], InstanceState], *, force: bool = False
    ) -> StateChange:
        """Keep what the oracle needs to judge the ending, at the very moment at which it takes effect."""
        world, check = self._world, self._check
        sent_at = self._process.moment

        def effect() -> StateChange:
            launch, now = machine.launch, world.timeline.now
            if force:
                world.record.forced.append((now, launch))
            try:
                _require_right(machine, f"ec2:{kind}")
                before = change()
            except CloudError as error:
                if error.kind is ErrorKind.REFUSED:
                    world.record.refusals.append(Refusal(launch.number, now))
                raise
            world.timeline.trace("ec2      {} called by check {}: was {}", action, check.number, before)
            if before in ALIVE:
                world.record.endings.append(world.ending(check, launch, action, sent_at))
            elif before is InstanceState.STOPPED and action is Action.TERMINATE:
                world.record.terminated_stopped.append((now, launch, check))
            return StateChange(before, machine.state)

        return self.call("ec2", kind, effect)


def _require_right(machine: Machine, operation: str) -> None:
    """The monitor's role may do this to instances that carry its tag alone."""
    if not machine.is_monitored:
        raise CloudError(operation, "UnauthorizedOperation", "no such tag", ErrorKind.REFUSED)
