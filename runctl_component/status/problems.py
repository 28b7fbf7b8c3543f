"""What somebody should see to: sentences that say what is wrong with a run, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Memory, Refusable
from monitor_runtime.contract.times import format_time
from runctl_component.status.heartbeats import Heartbeat
from runctl_component.status.last_check import FAILED, LastCheck
from runctl_component.status.run_status import HeartbeatState
from runctl_component.status.states import WANTED_TAGS, lost_tags
from runctl_component.status.values import ON, Instance

SWITCH_LATE = timedelta(minutes=5)
"""EventBridge Scheduler is late by up to a minute, and stopping takes time."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of an instance of a run; ``instance`` is None for a run that has none."""

    at: datetime
    run: str
    monitor: str
    instance: Instance | None
    tags: Memory
    heartbeat: Heartbeat | None
    heartbeat_state: HeartbeatState
    check: LastCheck | None
    """The last one, as far as it was about this instance."""
    run_checked: bool
    """Whether the log has a check of the run."""
    log_since: datetime | None
    """From when on the monitor's log was read."""
    switch_enabled: bool | None
    """None where the schedules were not read, or no switch is to be there."""


def problems_of(facts: Facts) -> Iterator[str]:
    """Everything that is wrong, the gravest first; what the last check says of the same tag is not repeated."""
    own = [*_own_problems(facts)]
    yield from own
    if facts.check:
        if facts.check.decision == FAILED:
            yield f"its last check failed: {facts.check.reason}"
        told = (names.TAG_HOLD_UNTIL, names.TAG_REFUSED, *WANTED_TAGS)
        said = [tag for tag in told if any(tag in problem for problem in own)]
        yield from (problem for problem in facts.check.problems if not any(tag in problem for tag in said))


def _own_problems(facts: Facts) -> Iterator[str]:
    if facts.instance and facts.instance.state in ON:
        if not facts.tags.may_be_going(facts.at):
            yield from _watching(facts, facts.instance)
        yield from _ending(facts)
        yield from _silence(facts, facts.instance)
    yield from _heartbeat(facts)


def _watching(facts: Facts, instance: Instance) -> Iterator[str]:
    if lost := lost_tags(instance):
        values = names.run_tags(facts.monitor or "PROJECT/STACK/MONITOR", facts.run or "RUN")
        wanted = " ".join(f"Key={tag},Value={values[tag]}" for tag in lost)
        yield (
            f"{instance.instance_id} lost {' and '.join(lost)}: no check finds it, and nothing may end it. Put back"
            f" what was lost: aws ec2 create-tags --resources {instance.instance_id} --tags {wanted}"
        )
    elif facts.heartbeat_state is HeartbeatState.MISSING:
        yield "its heartbeat is gone: nothing checks it. pulumi up --refresh puts it back"
    switch = facts.tags.armed_for
    if switch and facts.switch_enabled is False:
        yield f"its deadline switch for {format_time(switch)} is gone or disabled: the hourly audit arms it again"


def _ending(facts: Facts) -> Iterator[str]:
    tags = facts.tags
    if tags.hold.problem:
        yield tags.hold.problem
    if tags.refused == Refusable.STOP_UNSUPPORTED:
        yield "EC2 cannot stop it, and its work is not verified: it is kept until its deadline. Save what is on it"
    elif tags.refused and tags.refused_at:
        times = "once" if tags.refused_count == 1 else f"{tags.refused_count} times in a row"
        yield (
            f"EC2 refused its ending ({tags.refused}) {times}, last at {format_time(tags.refused_at)}: lift the stop"
            f" protection or the denial, then remove the tag {names.TAG_REFUSED}, or end the instance by hand"
        )
    if tags.armed_for and facts.at > tags.armed_for + SWITCH_LATE:
        yield f"it still runs, and its deadline switch was due at {format_time(tags.armed_for)}: end it by hand"


def _silence(facts: Facts, instance: Instance) -> Iterator[str]:
    since = facts.log_since
    declared = facts.heartbeat.settings if facts.heartbeat else None
    if since and declared and not facts.run_checked and instance.launched_at < since:
        yield (
            f"no check since {format_time(since)}, though one is due every {declared.max_interval_seconds} s: look at"
            " the heartbeat, at the scheduler's role and at the monitor's function"
        )


def _heartbeat(facts: Facts) -> Iterator[str]:
    beat = facts.heartbeat
    if beat is None:
        return
    if beat.function and not beat.function.exists:
        yield f"the function that its heartbeat calls is gone ({beat.schedule.target_arn}): nothing checks it"
    if not beat.schedule.enabled:
        named = f"{beat.schedule.group}/{beat.schedule.name}"
        yield f"its heartbeat is disabled: only the hourly audit checks it. Enable the schedule {named}"
    if beat.declared and beat.declared.problem:
        yield f"{beat.declared.problem}; run pulumi up with the release that the monitor has"
