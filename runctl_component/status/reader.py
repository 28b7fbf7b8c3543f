"""Reading in few calls: lists first, and single things only where a list lacks them and a row needs them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import parse_time
from runctl_component.status.aws import CONNECTIONS, Aws
from runctl_component.status.heartbeats import Heartbeat, candidates, heartbeats, monitor_of
from runctl_component.status.last_check import PATTERN, last_checks
from runctl_component.status.readings import Readings, Run
from runctl_component.status.scope import Scope
from runctl_component.status.values import Function, NothingReadableError, ReadError, Schedule

Item = TypeVar("Item")
Value = TypeVar("Value")

LATE = timedelta(minutes=5)
"""How much later than its interval a check may be in the log: the schedule fires late, and the check waits inside."""
DEFAULT_INTERVAL_SECONDS: int = Settings.__dataclass_fields__["max_interval_seconds"].default
_AT = re.compile(r"at\((.+)\)")


def read_all(aws: Aws, scope: Scope) -> Readings:
    """Read what there is to tell of the runs in the scope, as of now.

    Raises:
        NothingReadableError: when neither instances nor schedules can be read.
    """
    at = datetime.now(UTC)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        attempts = _Attempts(pool)
        instances, schedules = attempts.one(aws.instances), attempts.one(aws.schedules)
        if instances is None and schedules is None:
            errors = "; ".join(str(error) for error in attempts.errors.values())
            raise NothingReadableError(f"Nothing can be read in {aws.region}: {errors}")
        read = Readings(at, aws.region, scope, instances, schedules)
        for step in (_with_heartbeats, _with_stripped, _with_checks, _with_follow_ups):
            read = step(aws, attempts, read)
        return replace(read, unread=tuple(attempts.errors.values()))


@dataclass(frozen=True, slots=True)
class _Attempts:
    """Reads what can be read, and keeps the first error of each call that is refused or fails."""

    pool: ThreadPoolExecutor
    errors: dict[str, ReadError] = field(default_factory=dict[str, ReadError])

    def one(self, read: Callable[[], Value]) -> Value | None:
        """What was read, or None."""
        try:
            return read()
        except ReadError as error:
            self.errors.setdefault(error.right, error)
            return None

    def each(self, items: Sequence[Item], read: Callable[[Item], Value]) -> Mapping[Item, Value]:
        """What was read, by item; several at a time."""

        def read_one(item: Item) -> Value | None:
            return self.one(lambda: read(item))

        found = self.pool.map(read_one, items)
        return {item: value for item, value in zip(items, found, strict=True) if value is not None}


def _with_heartbeats(aws: Aws, attempts: _Attempts, read: Readings) -> Readings:
    """The heartbeats, with the inputs of those whose rows need them."""
    possible = candidates(read.schedules or ())
    functions = attempts.each(sorted({schedule.target_arn for schedule in possible}), aws.function)
    details = attempts.each(_worth_reading(possible, functions, read), aws.schedule)
    runs: dict[str, set[str]] = defaultdict(set)
    for instance in read.instances or ():
        runs[instance.monitor].add(instance.run)
    found = tuple(heartbeats(possible, functions, details, runs))
    undecided = {each.name for each in possible if monitor_of(each, functions) is None and each not in details}
    return replace(
        read,
        undecided=frozenset(undecided),
        heartbeats=found,
        group_monitors={beat.schedule.group: beat.monitor for beat in found},
    )


def _worth_reading(
    possible: Sequence[Schedule], functions: Mapping[str, Function], read: Readings
) -> Sequence[Schedule]:
    """Those of runs that go on, those of runs without an instance, and those of which nobody knows whose they are.

    What ended is told by its tags: a call for each of them would be in vain.
    """
    instances = read.instances or ()
    known = {(instance.monitor, instance.run) for instance in instances}
    live = {(instance.monitor, instance.run) for instance in instances if instance.is_live}

    def is_worth_it(schedule: Schedule) -> bool:
        monitor = monitor_of(schedule, functions)
        if monitor is None:
            return True
        run = (monitor, schedule.name)
        return bool(monitor) and read.scope.includes(monitor) and (run in live or run not in known)

    return [schedule for schedule in possible if is_worth_it(schedule)]


def _with_stripped(aws: Aws, attempts: _Attempts, read: Readings) -> Readings:
    """Live instances that deadline switches name, and that the list by tags lacks."""
    if read.instances is None:
        return read
    switched = {instance_id for instance_id, monitor in read.switched().items() if read.scope.includes(monitor)}
    if not (lacking := sorted(switched - {instance.instance_id for instance in read.instances})):
        return read
    found = attempts.one(lambda: aws.instances_by_id(lacking)) or ()
    return replace(read, stripped=tuple(instance for instance in found if instance.is_live))


def _with_checks(aws: Aws, attempts: _Attempts, read: Readings) -> Readings:
    """The last checks, by the log of each monitor, from as long ago as the slowest heartbeat may have come."""
    by_monitor: dict[str, list[Heartbeat]] = defaultdict(list)
    for beat in read.heartbeats:
        if read.scope.includes(beat.monitor):
            by_monitor[beat.monitor].append(beat)
    log_groups = {
        monitor: beat.function.log_group
        for monitor, beats in by_monitor.items()
        for beat in beats
        if beat.function and beat.function.log_group
    }
    since = {monitor: read.at - _longest_interval(by_monitor[monitor]) - LATE for monitor in log_groups}
    logs = attempts.each(
        sorted(log_groups), lambda monitor: aws.log_lines(log_groups[monitor], PATTERN, since[monitor])
    )
    checks = {(monitor, run): check for monitor, lines in logs.items() for run, check in last_checks(lines).items()}
    return replace(read, checks=checks, logs_since={monitor: since[monitor] for monitor in logs})


def _longest_interval(beats: Sequence[Heartbeat]) -> timedelta:
    declared = [beat.settings.max_interval_seconds for beat in beats if beat.settings]
    return timedelta(seconds=max(declared, default=DEFAULT_INTERVAL_SECONDS))


def _with_follow_ups(aws: Aws, attempts: _Attempts, read: Readings) -> Readings:
    """When the follow-ups of live runs are due, where the log does not tell of the next check."""
    live = {
        (instance.monitor, instance.run)
        for instance in read.instances or ()
        if instance.is_live and read.scope.includes(instance.monitor)
    }
    runs = {names.follow_up_name(run): run for _, run in live}
    wanted: dict[Schedule, Run] = {}
    for schedule in read.schedules or ():
        run = (read.group_monitors.get(schedule.group, ""), runs.get(schedule.name, ""))
        check = read.checks.get(run)
        told = check is not None and check.next_check_at is not None and check.next_check_at > read.at
        if run in live and schedule.enabled and not told:
            wanted[schedule] = run
    details = attempts.each(list(wanted), aws.schedule)
    due = {wanted[schedule]: _due(detail.expression) for schedule, detail in details.items()}
    return replace(read, follow_ups={run: moment for run, moment in due.items() if moment})


def _due(expression: str) -> datetime | None:
    found = _AT.fullmatch(expression)
    return parse_time(found[1]) if found else None
