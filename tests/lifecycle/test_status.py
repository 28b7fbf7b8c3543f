"""What the status tells of a run, from before `pulumi up` to after its end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.times import format_time
from runctl_component.status.aws import Aws
from runctl_component.status.reader import read_all
from runctl_component.status.run_status import RunState, RunStatus
from runctl_component.status.scope import Scope
from runctl_component.status.statuses import statuses
from sandbox.aws.boto import client
from sandbox.aws.log_groups import keep_logs
from sandbox.demo.training import Training, succeed
from sandbox.engine.stack import stack_config, stack_program
from sandbox.sandbox import Sandbox, sandbox

BUCKET, PREFIX = "runctl-demo-outputs", "runs/llama-ft/"
DURATION = timedelta(minutes=50)


@pytest.fixture
def cloud() -> Generator[Sandbox]:
    with sandbox() as made:
        keep_logs(made.functions)
        made.create_bucket(BUCKET, events=True)
        yield made


def _up(cloud: Sandbox, finish: Callable[[Training], None] | None = succeed) -> str:
    """The demo's run, whose training takes less than an hour; its instance."""
    deployment = cloud.up(stack_program, stack_config("demo"))
    instance_id = deployment.ids["aws:ec2/instance:Instance llama-ft"]
    Training(cloud, instance_id, BUCKET, PREFIX, finish, DURATION).start()
    return instance_id


def _told() -> list[RunStatus]:
    return list(statuses(read_all(Aws(), Scope())))


def _after(cloud: Sandbox, **duration: float) -> RunStatus:
    cloud.run_for(timedelta(**duration))
    (status,) = _told()
    return status


def _tag(instance_id: str, key: str, value: str) -> None:
    client("ec2").create_tags(Resources=[instance_id], Tags=[{"Key": key, "Value": value}])


def test_a_run_is_told_from_its_launch_to_its_end(cloud: Sandbox) -> None:
    assert _told() == []
    instance_id = _up(cloud)
    found = [_after(cloud, minutes=minutes) for minutes in (1, 40, 12, 12)]
    assert [status.state for status in found] == [
        RunState.RUNNING,
        RunState.RUNNING,
        RunState.COMPLETING,
        RunState.ENDED,
    ]
    assert [status.outcome for status in found] == [None, None, None, Outcome.SUCCEEDED]
    assert [status.reason.partition(" exit")[0].partition(":")[0] for status in found] == [
        "training",
        "training",
        "marker training_complete.txt",
        "marker training_complete.txt",
    ]
    assert {status.instance_id for status in found} == {instance_id}
    assert [problem for status in found for problem in status.problems] == []
    assert [status.next_check_at is None for status in found] == [False, False, False, True]


def test_the_next_check_that_is_told_is_when_the_next_check_comes(cloud: Sandbox) -> None:
    _up(cloud)
    told = _after(cloud, minutes=2).next_check_at
    assert told
    before = len(cloud.functions.invocations)
    cloud.clock.run_until(told + timedelta(seconds=2))
    assert len(cloud.functions.invocations) > before


def test_a_hold_is_told_until_it_is_over(cloud: Sandbox) -> None:
    instance_id = _up(cloud)
    until = cloud.clock.now() + timedelta(hours=2)
    _tag(instance_id, names.TAG_HOLD_UNTIL, format_time(until))
    held = _after(cloud, minutes=100)
    assert (held.state, held.hold_until) == (RunState.HELD, until)
    assert _after(cloud, minutes=40).outcome is Outcome.SUCCEEDED


def test_an_ending_that_ec2_refuses_is_told_with_its_cause(cloud: Sandbox) -> None:
    instance_id = _up(cloud)
    _protect(instance_id)
    refused = [_after(cloud, minutes=minutes) for minutes in (56, 20)]
    assert [status.state for status in refused] == [RunState.REFUSED] * 2
    assert "EC2 refused its ending (succeeded)" in refused[0].problems[0]
    assert "OperationNotPermitted" in refused[0].problems[1]
    assert [problem.partition(" times")[0] for problem in refused[1].problems] == [
        "EC2 refused its ending (succeeded) 3"
    ]


def _protect(instance_id: str) -> None:
    client("ec2").modify_instance_attribute(InstanceId=instance_id, DisableApiStop={"Value": True})


def test_a_run_that_the_switch_ended_is_told_so_while_the_monitor_is_broken(cloud: Sandbox) -> None:
    _up(cloud, finish=None)
    cloud.run_for(timedelta(hours=1))
    cloud.functions.broken = True
    silent = _after(cloud, minutes=30)
    assert "no check since" in silent.problems[0]
    ended = _after(cloud, hours=23)
    assert (ended.state, ended.outcome) == (RunState.ENDED, None)
    assert ended.reason.startswith("ended by its deadline switch at 2026-03-03T09:1")


@pytest.mark.parametrize("call", ["stop_instances", "terminate_instances"])
def test_a_run_that_somebody_ended_is_told_before_and_after_the_monitor_knows(cloud: Sandbox, call: str) -> None:
    instance_id = _up(cloud)
    cloud.run_for(timedelta(minutes=33))
    getattr(client("ec2"), call)(InstanceIds=[instance_id])
    at_once = _after(cloud, seconds=1)
    assert (at_once.state, at_once.outcome) == (RunState.ENDING, None)
    unrecorded = _after(cloud, seconds=62)
    assert (unrecorded.state, unrecorded.outcome) == (RunState.ENDED, None)
    assert "by somebody else than the monitor; no check has recorded it" in unrecorded.reason
    recorded = _after(cloud, minutes=10)
    assert (recorded.state, recorded.outcome) == (RunState.ENDED, Outcome.INTERRUPTED)


def test_a_run_that_was_started_again_is_told_by_its_new_launch(cloud: Sandbox) -> None:
    instance_id = _up(cloud)
    cloud.run_for(timedelta(minutes=70))
    client("ec2").start_instances(InstanceIds=[instance_id])
    again = _after(cloud, minutes=10)
    assert (again.state, again.outcome, again.ended_at) == (RunState.RUNNING, None, None)


def test_an_instance_whose_tags_were_stripped_is_told_as_unwatched(cloud: Sandbox) -> None:
    instance_id = _up(cloud)
    tags: list[Any] = client("ec2").describe_tags()["Tags"]
    keys = [{"Key": tag["Key"]} for tag in tags if tag["Key"].startswith("runctl:")]
    client("ec2").delete_tags(Resources=[instance_id], Tags=keys)
    unwatched, declared = _told()
    assert (unwatched.instance_id, unwatched.state, unwatched.monitor) == (
        instance_id,
        RunState.UNWATCHED,
        "runctl/demo/runs",
    )
    assert (declared.run, declared.state) == ("llama-ft", RunState.GONE)
