"""What a run uses of its monitor, be that declared in this program or behind a handle."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import pulumi
import pulumi_aws as aws
from pulumi.runtime.settings import get_monitor

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs, Requirement
from runctl_component.args.monitor_handle import MonitorFacts, read_handle
from runctl_component.monitor.alarms import create_alarm, silence_alarm
from runctl_component.monitor.monitor import Monitor

Value = TypeVar("Value")

_EXPECTED: WeakKeyDictionary[object, set[object]] = WeakKeyDictionary()
"""The handles whose monitors have an alarm for silence, by the engine that a program talks to."""


@dataclass(frozen=True)
class MonitorLink:
    """The parts of a monitor to which those of a run refer: plain where the handle is plain."""

    tag: str | pulumi.Output[str]
    function_name: pulumi.Input[str]
    function_arn: pulumi.Input[str]
    schedule_group_name: pulumi.Input[str]
    scheduler_role_arn: pulumi.Input[str]
    dead_letter_arn: pulumi.Input[str]
    handle: pulumi.Input[str]
    partition: pulumi.Output[str]
    region: pulumi.Output[str]
    depends_on: tuple[pulumi.Resource, ...]
    """What of it this program creates; what is behind a handle is there, or the handle waits for it."""
    looks_up: pulumi.Resource
    """The resource for which the provider's functions are asked: runs that share it ask once."""
    notifies: bool | None
    """Whether it has a topic, as far as the program knows when it runs."""
    encrypted_topic: bool
    """Whether that is known to have a key of its own."""
    has_dashboard: bool
    """Whether it has a dashboard, or may have one as far as the program knows when it runs."""
    expect_checks: Callable[[pulumi.Resource], None]
    """Told of the run's first check: from then on, silence is an alarm."""


def link_to(monitor: Monitor) -> MonitorLink:
    """The link of a run to a monitor of its program."""
    return MonitorLink(
        tag=monitor.tag,
        function_name=monitor.function_name,
        function_arn=monitor.function_arn,
        schedule_group_name=monitor.schedule_group_name,
        scheduler_role_arn=monitor.scheduler_role.arn,
        dead_letter_arn=monitor.dead_letters.arn,
        handle=monitor.handle,
        partition=monitor.partition,
        region=monitor.region,
        depends_on=(monitor,),
        looks_up=monitor,
        notifies=monitor.notifies,
        encrypted_topic=monitor.encrypted_topic,
        has_dashboard=monitor.has_dashboard,
        expect_checks=monitor.expect_checks,
    )


def link_by_handle(name: str, checked: CheckedArgs, run: pulumi.Resource) -> MonitorLink:
    """The link of a run to the monitor of its arg ``monitor``, a handle.

    Nothing passes the gate of the args before the monitor was found to be in the account and the region of the run.
    """
    invoke = pulumi.InvokeOptions(parent=run)
    region = aws.get_region_output(opts=invoke).region
    account_id = aws.get_caller_identity_output(opts=invoke).account_id
    checked.require(Requirement(("monitor",), pulumi.Output.all(region, account_id), _distance_problems))
    facts = checked.read(("monitor",), lambda args: read_handle(args["monitor"]))
    return MonitorLink(
        tag=_of(facts, lambda known: known.monitor),
        function_name=_of(facts, lambda known: known.function_name),
        function_arn=_of(facts, lambda known: known.function_arn),
        schedule_group_name=_of(facts, lambda known: known.schedule_group),
        scheduler_role_arn=_of(facts, lambda known: known.scheduler_role_arn),
        dead_letter_arn=_of(facts, lambda known: known.dead_letter_arn),
        handle=checked.read_one("monitor"),
        partition=aws.get_partition_output(opts=invoke).partition,
        region=region,
        depends_on=(),
        looks_up=run,
        notifies=None if isinstance(facts, pulumi.Output) else facts.notify_topic_arn is not None,
        encrypted_topic=False,
        has_dashboard=True if isinstance(facts, pulumi.Output) else facts.dashboard,
        expect_checks=partial(_expect_checks, name, checked.given["monitor"], facts, run),
    )


def _of(
    facts: MonitorFacts | pulumi.Output[MonitorFacts], reading: Callable[[MonitorFacts], Value]
) -> Value | pulumi.Output[Value]:
    return facts.apply(reading) if isinstance(facts, pulumi.Output) else reading(facts)


def _distance_problems(args: Mapping[str, Any], here: list[str]) -> Iterator[Problem]:
    """EventBridge, Lambda and the tags of instances know one account and one region."""
    facts, (region, account_id) = read_handle(args["monitor"]), here
    for there, ours in ((facts.region, region), (facts.account_id, account_id)):
        if there and ours and there != ours:
            yield Problem(
                "monitor",
                found=f"the handle of a monitor in {there}",
                accepted=f"one in {ours}, where the run is",
                fix="pass the handle of a monitor there, or leave it out",
            )


def _expect_checks(
    name: str,
    handle: object,
    facts: MonitorFacts | pulumi.Output[MonitorFacts],
    run: pulumi.Resource,
    first_check: pulumi.Resource,
) -> None:
    """An alarm for silence of this program's own: the monitor's program may have no run, and then has none.

    One for all runs that were given the same handle, a text or an Output, named after the first of them.
    """
    known = _EXPECTED.setdefault(cast("object", get_monitor()), set())
    if handle in known:
        return
    known.add(handle)
    seconds = _of(facts, lambda found: found.silence_minutes * 60)
    topics = _of(facts, lambda found: [found.notify_topic_arn] if found.notify_topic_arn else [])
    alarm = silence_alarm(
        monitor=_of(facts, lambda found: found.monitor), silence_seconds=seconds, first_check=first_check
    )
    create_alarm(name, alarm, topics, pulumi.ResourceOptions(parent=run))
