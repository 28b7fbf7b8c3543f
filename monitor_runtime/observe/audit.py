"""What an audit looks at: all schedules of the monitor, all its instances, and those that only a schedule names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor_runtime.cloud.interface import MAX_FILTER_VALUES, Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.pages import Schedule
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names


@dataclass(slots=True)
class Sight:
    """What was seen. Filled step by step; ``problems`` says what could not be seen."""

    schedules: dict[str, Schedule] | None = None
    """By name; None when they could not all be read."""
    instances: tuple[Instance, ...] = ()
    """Those that carry the monitor's tag, and are not terminated."""
    others: dict[str, Instance] = field(default_factory=dict[str, Instance])
    """By id: those that lack the tag, but that a switch, or a tag that is left, leads to, whatever became of them."""
    asked_for: set[str] = field(default_factory=set[str])
    """The ids that switches name, and for which ``others`` has all that EC2 knows."""
    problems: list[str] = field(default_factory=list[str])


def look(cloud: Cloud, monitor: str, has_time: Callable[[], bool]) -> Sight:
    """One call for each page: 100 schedules, 1,000 instances, and 200 that have to be asked for by name.

    Schedules first: what is made between the two looks is made for an instance that the second one sees.
    """
    sight = Sight()
    sight.schedules = _schedules(cloud, has_time, sight.problems)
    instances = _instances(cloud, monitor, has_time, sight.problems)
    sight.instances = instances or ()
    if sight.schedules is not None and instances is not None:
        _look_for_others(cloud, sight, monitor, sight.schedules, has_time)
    return sight


def _schedules(cloud: Cloud, has_time: Callable[[], bool], problems: list[str]) -> dict[str, Schedule] | None:
    found: dict[str, Schedule] = {}
    token: str | None = None
    try:
        while True:
            page = cloud.list_schedules(token=token)
            found |= {each.name: each for each in page.schedules}
            token = page.next_token
            if token is None:
                return found
            if not has_time():
                problems.append(f"no time to read more than {len(found)} schedules: divide the runs among monitors")
                return None
    except CloudError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return {}
        problems.append(f"schedules not seen: {error}")
        return None


def _instances(
    cloud: Cloud, monitor: str, has_time: Callable[[], bool], problems: list[str]
) -> tuple[Instance, ...] | None:
    found: list[Instance] = []
    token: str | None = None
    try:
        while True:
            page = cloud.list_instances({names.TAG_MONITOR: monitor}, token)
            found.extend(page.instances)
            token = page.next_token
            if token is None:
                return tuple(found)
            if not has_time():
                problems.append(f"no time to see more than {len(found)} instances: divide the runs among monitors")
                return None
    except CloudError as error:
        problems.append(f"instances not seen: {error}")
        return None


def _look_for_others(
    cloud: Cloud, sight: Sight, monitor: str, schedules: Mapping[str, Schedule], has_time: Callable[[], bool]
) -> None:
    """By the ids in the names of switches, and by the runs whose heartbeat is there while no instance is."""
    switched = {instance_id for each in schedules if (instance_id := names.switched_instance(each))}
    beating = {run for each in schedules if (run := names.beating_run(each))}
    ids = sorted(switched - {each.instance_id for each in sight.instances})
    runs = sorted(beating - {each.tags.get(names.TAG_RUN, "") for each in sight.instances})
    tags = (f"tag:{names.TAG_RUN}", f"tag:{names.TAG_SCHEDULE}")
    for attribute, values in (("instance-id", ids), *((tag, runs) for tag in tags)):
        for some in _divided(values):
            if not has_time():
                sight.problems.append(f"no time to look for instances of {len(values)} schedules")
                return
            try:
                found = cloud.find_by(attribute, some)
            except CloudError as error:
                sight.problems.append(f"instances that only a schedule names not seen: {error}")
                continue
            by_id = attribute == "instance-id"
            sight.asked_for.update(some if by_id else ())
            sight.others.update(
                {
                    each.instance_id: each
                    for each in found
                    if by_id or names.lost_monitor(each.tags.get(names.TAG_MONITOR), monitor)
                }
            )


def _divided(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), MAX_FILTER_VALUES):
        yield values[start : start + MAX_FILTER_VALUES]


def instances_of_switches(cloud: Cloud) -> Sequence[Instance]:
    """Instances that deadline switches name, whatever their tags: at most two calls.

    Of more than a page of schedules, only the audit sees all.

    Raises:
        CloudError: when AWS does not answer.
    """
    page = cloud.list_schedules(prefix="i-")
    ids = sorted(filter(None, (names.switched_instance(each.name) for each in page.schedules)))
    return cloud.find_by("instance-id", ids) if ids else ()
