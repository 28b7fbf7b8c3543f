"""Names at their longest fit what AWS takes, with the 8 characters that Pulumi adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from runctl_component import InvalidArgs, Monitor, TrainingRun
from runctl_component.args import monitor_rules, run_rules

from ..recording import Recorded, Resource, record

AUTONAMING = 8
LIMITS: Mapping[str, int] = {
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:cloudwatch/logGroup:LogGroup": 512,
    "aws:cloudwatch/metricAlarm:MetricAlarm": 255,
    "aws:iam/instanceProfile:InstanceProfile": 128,
    "aws:iam/role:Role": 64,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:lambda/function:Function": 64,
    "aws:lambda/permission:Permission": 100,
    "aws:scheduler/schedule:Schedule": 64,
    "aws:scheduler/scheduleGroup:ScheduleGroup": 64,
    "aws:sqs/queue:Queue": 80,
    "aws:ssm/document:Document": 128,
}
"""Characters of a name, from the API reference of each service."""
NAMED_BY_OTHERS = {
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:ec2/instance:Instance",
    "aws:ec2/tag:Tag",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:lambda/invocation:Invocation",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:sqs/queuePolicy:QueuePolicy",
}
"""Types whose resources have no name, or one that does not come from Pulumi."""


def _run_with_a_monitor_of_its_own() -> None:
    name = "r" * run_rules.MAX_NAME_CHARACTERS
    TrainingRun(name, {"bucket": "outputs", "command": "train", "spot": "persistent", "s3_events": True})


def _monitor_of_as_many_buckets_as_it_takes() -> None:
    watch = [{"bucket": f"outputs-{number}"} for number in range(monitor_rules.MAX_WATCH)]
    Monitor("m" * monitor_rules.MAX_NAME_CHARACTERS, {"watch": watch, "s3_events": True})  # pyright: ignore[reportArgumentType]


PROGRAMS = pytest.mark.parametrize(
    "program", [_run_with_a_monitor_of_its_own, _monitor_of_as_many_buckets_as_it_takes], ids=["run", "monitor"]
)


def _resources(program: Callable[[], object]) -> list[Resource]:
    recorded: Recorded = record(program)
    return [entry for entry in recorded.resources if entry.type.startswith("aws:")]


@PROGRAMS
def test_every_name_fits_with_what_pulumi_adds(program: Callable[[], object]) -> None:
    named = [entry for entry in _resources(program) if entry.type in LIMITS]
    too_long = [entry.name for entry in named if len(entry.name) + AUTONAMING > LIMITS[entry.type]]
    assert named
    assert too_long == []


@PROGRAMS
def test_no_type_is_forgotten(program: Callable[[], object]) -> None:
    assert {entry.type for entry in _resources(program)} <= set(LIMITS) | NAMED_BY_OTHERS


def test_one_character_more_is_refused() -> None:
    def refused(declare: Callable[[], object]) -> list[str]:
        with pytest.raises(InvalidArgs) as caught:
            declare()
        return [problem.field for problem in caught.value.problems]

    too_long = "x" * (monitor_rules.MAX_NAME_CHARACTERS + 1)
    assert refused(lambda: Monitor(too_long, {"watch": [{"bucket": "outputs"}]})) == ["name"]
    too_long = "x" * (run_rules.MAX_NAME_CHARACTERS + 1)
    assert refused(lambda: TrainingRun(too_long, {"bucket": "outputs", "command": "train"})) == ["name"]
