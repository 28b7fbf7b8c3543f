"""What does not agree among instances, heartbeats and deadline switches: from what was seen to findings, pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor_runtime.cloud.interface import DeadlineSwitch
from monitor_runtime.cloud.pages import Schedule
from monitor_runtime.cloud.values import ON, Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import REMOVAL
from monitor_runtime.contract.memory import Memory, armed_value
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time

OVERDUE = timedelta(minutes=10)
"""How long a switch may take to be thrown, with its first retries."""


class Flaw(StrEnum):
    """What can be wrong with a run that is to be ended, as replies and logs name it."""

    LOST_TAGS = "lost-tags"
    NO_HEARTBEAT = "no-heartbeat"
    HEARTBEAT_DISABLED = "heartbeat-disabled"
    HEARTBEAT_CHANGED = "heartbeat-changed"
    NO_SWITCH = "no-switch"
    SWITCH_DISABLED = "switch-disabled"
    SWITCH_WRONG = "switch-wrong"
    OVERDUE = "overdue"
    DENIED = "ending-denied"


OF_SWITCH = frozenset({Flaw.NO_SWITCH, Flaw.SWITCH_DISABLED, Flaw.SWITCH_WRONG})
OF_HEARTBEAT = frozenset({Flaw.NO_HEARTBEAT, Flaw.HEARTBEAT_DISABLED})
UNATTENDED = frozenset({Flaw.HEARTBEAT_DISABLED, Flaw.HEARTBEAT_CHANGED})
"""Each audit checks the run in place of its heartbeat, as far as that still has the run's settings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that would keep a run from being ended. ``run`` is empty where no tag names it."""

    flaw: Flaw
    sentence: str
    run: str = ""
    instance_id: str = ""
    made_good: bool = False


def findings(
    monitor: str, instance: Instance, schedules: Mapping[str, Schedule] | None, now: datetime
) -> Iterator[Finding]:
    """What is wrong with an instance that is on, and that Pulumi is not about to remove.

    ``schedules``: those of the monitor's group by name; None when they are not known.
    """
    memory = Memory.of(instance, now)
    if instance.state not in ON or memory.may_be_going(now):
        return
    run = instance.tags.get(names.TAG_RUN, "")
    yield from lost_tags(instance, placeholders(monitor, run))
    if instance.tags.get(names.TAG_MONITOR) != monitor or schedules is None:
        return
    if run:
        yield from _heartbeat(instance, run, schedules.get(names.heartbeat_name(run)))
    yield from _switch(instance, recorded_switch(instance, monitor, now), schedules, now)


def wanted_tags(settings: Settings) -> dict[str, str]:
    """The tags by which an instance of the run is found."""
    place = names.output_tag(settings.bucket, settings.prefix)
    return _tags_by_which_found(settings.monitor, settings.run, place)


def placeholders(monitor: str, run: str = "") -> dict[str, str]:
    """The same of a run of which no more than that is known: a person has to fill in the rest."""
    return _tags_by_which_found(monitor, run or "RUN", "BUCKET/PREFIX")


def says_whose(instance: Instance) -> bool:
    """Whether a tag is left that leads to a run."""
    return any(instance.tags.get(tag) for tag in (names.TAG_RUN, names.TAG_SCHEDULE, names.TAG_OUTPUT))


def may_be_lost_of(settings: Settings, instance: Instance) -> bool:
    """Whether the tags that an instance still has agree with those of the run's instances.

    Another monitor may have a run of the same name at another place, and this monitor other runs.
    """
    wanted = wanted_tags(settings)
    monitor = instance.tags.get(names.TAG_MONITOR)
    agrees = monitor == settings.monitor or names.lost_monitor(monitor, settings.monitor)
    others = (tag for tag in wanted if tag != names.TAG_MONITOR)
    return agrees and all(instance.tags.get(tag) in {None, "", wanted[tag]} for tag in others)


def _tags_by_which_found(monitor: str, run: str, place: str) -> dict[str, str]:
    return {
        **names.run_tags(monitor, run),
        names.TAG_SCHEDULE: names.heartbeat_name(run),
        names.TAG_OUTPUT: place,
    }


def lost_tags(instance: Instance, wanted: Mapping[str, str]) -> Iterator[Finding]:
    """Whether an instance lacks tags by which it is found. The monitor may not set them: they are Pulumi's."""
    lost = {tag: value for tag, value in wanted.items() if not instance.tags.get(tag)}
    monitor = wanted[names.TAG_MONITOR]
    if names.lost_monitor(instance.tags.get(names.TAG_MONITOR), monitor):
        lost = {names.TAG_MONITOR: monitor, **lost}
    if not lost:
        return
    if names.TAG_MONITOR in lost:
        effect = "neither the monitor nor its deadline switch can end it"
    elif names.TAG_RUN in lost:
        effect = "no check finds it"
    else:
        effect = "no event finds its run"
    tags = " ".join(f"Key={tag},Value={value}" for tag, value in lost.items())
    sentence = (
        f"instance {instance.instance_id} ({instance.state}) has lost the tags {', '.join(lost)}: {effect}; put them"
        f" back with pulumi up --refresh, or with aws ec2 create-tags --resources {instance.instance_id} --tags {tags}"
    )
    yield _finding(instance, Flaw.LOST_TAGS, sentence)


def _heartbeat(instance: Instance, run: str, heartbeat: Schedule | None) -> Iterator[Finding]:
    subject = f"the heartbeat {names.heartbeat_name(run)} of {_who(instance)}"
    if heartbeat is None:
        sentence = f"{subject} does not exist: put it back with pulumi up --refresh, or end the run"
        yield _finding(instance, Flaw.NO_HEARTBEAT, sentence)
    elif not heartbeat.enabled:
        sentence = f"{subject} is disabled: enable it; until then, each audit checks the run"
        yield _finding(instance, Flaw.HEARTBEAT_DISABLED, sentence)


def changed_heartbeat(instance: Instance, monitor: str, now: datetime) -> Iterator[Finding]:
    """A heartbeat that is there and enabled, and does not do what it is for, of an instance that needs it."""
    run = instance.tags.get(names.TAG_RUN, "")
    if needs_heartbeat(instance, monitor, now):
        sentence = (
            f"the heartbeat {names.heartbeat_name(run)} of {_who(instance)} was changed: its expression, role, target"
            " or input; put it back with pulumi up --refresh; until then, audits check the run"
        )
        yield _finding(instance, Flaw.HEARTBEAT_CHANGED, sentence)


def needs_heartbeat(instance: Instance, monitor: str, now: datetime) -> bool:
    """Whether the instance is on, and of a run of the monitor, and Pulumi is not about to remove it."""
    tags = instance.tags
    known = tags.get(names.TAG_MONITOR) == monitor and bool(tags.get(names.TAG_RUN))
    return known and instance.state in ON and not Memory.of(instance, now).may_be_going(now)


def recorded_switch(instance: Instance, monitor: str, now: datetime) -> DeadlineSwitch | None:
    """The switch that the tags of the instance tell of for sure, and that is this monitor's; None without one.

    Nor does an instance need one that Pulumi is about to remove.
    """
    memory = Memory.of(instance, now)
    at, action = memory.armed_for, memory.armed.partition(" ")[2].partition(" ")[0]
    if (
        at is None
        or memory.may_be_going(now)
        or action not in {Action.STOP, Action.TERMINATE}
        or memory.armed != armed_value(at, Action(action), monitor)
    ):
        return None
    return DeadlineSwitch(names.deadline_switch_name(instance.instance_id), at, Action(action), instance.instance_id)


def _switch(
    instance: Instance, recorded: DeadlineSwitch | None, schedules: Mapping[str, Schedule], now: datetime
) -> Iterator[Finding]:
    """A switch that no tag tells of is none: the run has no deadline, or the next check arms it."""
    if recorded is None:
        return
    switch, due = schedules.get(recorded.name), f"{_who(instance)} for {format_time(recorded.at)}"
    if now >= recorded.at:
        held = Memory.of(instance, now).hold.until
        if now - recorded.at > OVERDUE and not held:
            yield _finding(instance, Flaw.OVERDUE, f"the deadline switch of {due} did not end it: end it by hand")
    elif switch is None:
        yield _finding(instance, Flaw.NO_SWITCH, f"the deadline switch of {due} does not exist")
    elif not switch.enabled:
        yield _finding(instance, Flaw.SWITCH_DISABLED, f"the deadline switch of {due} is disabled")


def _who(instance: Instance) -> str:
    run = instance.tags.get(names.TAG_RUN)
    return f"{instance.instance_id} (run {run})" if run else instance.instance_id


def _finding(instance: Instance, flaw: Flaw, sentence: str) -> Finding:
    return Finding(flaw, sentence, instance.tags.get(names.TAG_RUN, ""), instance.instance_id)


def wrong_switch(instance: Instance) -> Finding:
    """A switch that is there and enabled, and not what the tags of the instance tell of."""
    return _finding(instance, Flaw.SWITCH_WRONG, f"the deadline switch of {_who(instance)} was changed")


def is_leftover(switch: Schedule, instance: Instance | None, monitor: str, now: datetime) -> bool:
    """Whether a switch has nothing more to end. ``instance``: None when EC2 does not know it any more.

    What was made a moment ago may be for an instance that EC2 does not tell of yet.
    """
    if now - switch.changed_at < REMOVAL:
        return False
    if instance is None or instance.state in {InstanceState.TERMINATED, InstanceState.GONE}:
        return True
    owner = instance.tags.get(names.TAG_MONITOR)
    return owner != monitor and not names.lost_monitor(owner, monitor)
