"""From what was read to what is told of each run: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import SWITCH_DELAY, deadline
from monitor_runtime.contract.memory import Memory
from runctl_component.box.box_tags import TAG_SUCCESS_MARKER
from runctl_component.status.heartbeats import Heartbeat
from runctl_component.status.problems import Facts, problems_of
from runctl_component.status.readings import Readings, Run
from runctl_component.status.run_status import HeartbeatState, RunState, RunStatus
from runctl_component.status.states import state_of, told_by_tags
from runctl_component.status.values import ON, Instance
from runctl_component.training_run.locations import log_folder


def statuses(read: Readings) -> Sequence[RunStatus]:
    """One for each instance of a run, and one for each run without any; by monitor, run and launch."""
    beats = {(beat.monitor, beat.run): beat for beat in read.heartbeats if read.scope.includes(beat.monitor)}
    instances = _by_run(read)
    enabled = frozenset(schedule.name for schedule in read.schedules or () if schedule.enabled)
    found = [
        _Telling(read, run, beats.get(run), instances.get(run, []), enabled).each()
        for run in sorted({*beats, *instances})
    ]
    return [status for each in found for status in each]


def _by_run(read: Readings) -> dict[Run, list[Instance]]:
    """The instances in the scope by their run; what lost its tags is where its switch or its run's name leads to."""
    switched = read.switched()
    by_name: dict[str, set[str]] = defaultdict(set)
    for beat in read.heartbeats:
        by_name[beat.run].add(beat.monitor)
    found: dict[Run, list[Instance]] = defaultdict(list)
    for instance in (*(read.instances or ()), *read.stripped):
        named = next(iter(by_name[instance.run])) if len(by_name[instance.run]) == 1 else ""
        monitor = instance.monitor or switched.get(instance.instance_id) or named
        if read.scope.includes(monitor):
            found[monitor, instance.run].append(instance)
    return found


@dataclass(frozen=True, slots=True)
class _Telling:
    """One run, with what was read of it."""

    read: Readings
    run: Run
    beat: Heartbeat | None
    instances: Sequence[Instance]
    enabled: frozenset[str]
    """The names of all schedules that are."""

    def each(self) -> Iterator[RunStatus]:
        """The run's entries."""
        if not self.instances:
            yield self._without_instance()
        for instance in sorted(self.instances, key=lambda entry: (entry.launched_at, entry.instance_id)):
            yield self._of(instance)

    def _without_instance(self) -> RunStatus:
        facts = self._facts(None, Memory())
        known = self.read.instances is not None
        reason = "no instance: not launched, or terminated more than an hour ago" if known else ""
        return RunStatus(
            *self.run,
            RunState.GONE if known else RunState.UNKNOWN,
            facts.heartbeat_state,
            reason=reason if known else (facts.check.reason if facts.check else ""),
            last_check=facts.check,
            next_check_at=self._next_check_at(facts),
            check_every_seconds=self._interval(),
            output_uri=self._output_uri(None),
            log_uri=self._log_uri(None),
            problems=tuple(problems_of(facts)),
        )

    def _of(self, instance: Instance) -> RunStatus:
        tags = Memory.of(instance, self.read.at)
        facts = self._facts(instance, tags)
        state = state_of(instance, tags, facts.heartbeat_state, self.read.at)
        due, has_deadline = self._deadline(instance, tags)
        checked = facts.check.reason if facts.check and instance.state in ON else ""
        return RunStatus(
            *self.run,
            state,
            facts.heartbeat_state,
            instance.instance_id,
            instance.state,
            instance.launched_at,
            tags.outcome,
            checked or told_by_tags(instance, tags),
            tags.ended_at or (None if instance.is_live else instance.state_changed_at),
            facts.check,
            self._next_check_at(facts) if instance.is_live else None,
            self._interval(),
            due,
            has_deadline,
            tags.armed_for if instance.state in ON else None,
            tags.hold.until,
            self._output_uri(instance),
            self._log_uri(instance),
            tuple(problems_of(facts)),
        )

    def _facts(self, instance: Instance | None, tags: Memory) -> Facts:
        check = self.read.checks.get(self.run)
        return Facts(
            self.read.at,
            self.run[1],
            self.run[0],
            instance,
            tags,
            self.beat,
            self._heartbeat_state(),
            check.about(instance.instance_id) if check and instance else check,
            check is not None,
            self.read.logs_since.get(self.run[0]),
            self._switch_enabled(instance),
        )

    def _heartbeat_state(self) -> HeartbeatState:
        if self.beat:
            return HeartbeatState.ENABLED if self.beat.schedule.enabled else HeartbeatState.DISABLED
        is_unknown = self.read.schedules is None or self.run[1] in self.read.undecided
        return HeartbeatState.UNKNOWN if is_unknown else HeartbeatState.MISSING

    def _switch_enabled(self, instance: Instance | None) -> bool | None:
        if self.read.schedules is None or instance is None:
            return None
        return names.deadline_switch_name(instance.instance_id) in self.enabled

    def _next_check_at(self, facts: Facts) -> datetime | None:
        """As the last check said, or the follow-up that is there."""
        told = facts.check.next_check_at if facts.check else None
        return told if told and told > self.read.at else self.read.follow_ups.get(self.run)

    def _interval(self) -> int | None:
        settings = self.beat.settings if self.beat else None
        return settings.max_interval_seconds if settings else None

    def _deadline(self, instance: Instance, tags: Memory) -> tuple[datetime | None, bool | None]:
        """By the settings, or by the switch, which a hold moves along; and whether there is one."""
        settings = self.beat.settings if self.beat else None
        if settings:
            due = deadline(settings, instance.launched_at)
            return due, due is not None
        switch = None if tags.hold.until else tags.armed_for
        return (switch - SWITCH_DELAY, True) if switch else (None, None)

    def _output_uri(self, instance: Instance | None) -> str | None:
        place = instance.tags.get(names.TAG_OUTPUT, "") if instance else ""
        settings = self.beat.settings if self.beat else None
        if not place and settings:
            place = names.output_tag(settings.bucket, settings.prefix)
        return f"s3://{place}" if place else None

    def _log_uri(self, instance: Instance | None) -> str | None:
        """Where the runner stores its log; with ``user_data`` there is no runner."""
        place = self._output_uri(instance)
        settings = self.beat.settings if self.beat else None
        has_runner = TAG_SUCCESS_MARKER in instance.tags if instance else bool(settings and settings.box_reports)
        return log_folder(place) if place and has_runner else None
