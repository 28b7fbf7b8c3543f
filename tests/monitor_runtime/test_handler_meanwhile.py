"""What happens while a check is at work: another check ends the run, somebody starts the instance again or holds it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import Cloud, moto_cloud
from .handler_paths import completed_and_due, watched


def _start_again(cloud: Cloud) -> None:
    cloud.pass_time(minutes=1)
    client("ec2").start_instances(InstanceIds=[cloud.instance_id])
    cloud.relaunched_at(cloud.clock.now())


def _after_the_first_look(cloud: Cloud, happens: Callable[[], object]) -> None:
    """What happens once EC2 has said how the instance is."""

    def described() -> object:
        cloud.faults.clear()
        answer = client("ec2").describe_instances(InstanceIds=[cloud.instance_id])
        happens()
        return answer

    cloud.faults["ec2:DescribeInstances"] = described


def _stopped_by_itself(cloud: Cloud) -> None:
    watched(cloud).put("FAILED")
    client("ec2").stop_instances(InstanceIds=[cloud.instance_id])


def _kept_for_a_day(cloud: Cloud) -> None:
    completed_and_due(cloud).check()
    cloud.pass_time(days=2)


STOPPED = pytest.mark.parametrize("stopped", [_stopped_by_itself, _kept_for_a_day])


def test_a_check_that_sees_less_leaves_the_outcome_of_another_that_ended_the_run_before_its_retry() -> None:
    with moto_cloud(max_runtime_hours=2.2) as cloud:
        watched(cloud).put("done")
        cloud.check()
        cloud.pass_time(minutes=20)

        def ended_by_another() -> object:
            cloud.faults.clear()
            assert cloud.check()["outcome"] == "succeeded"
            cloud.force_state("stopping", 64, "User initiated (2026-03-02 11:20:00 GMT)")
            return PASSING["5xx"]()

        cloud.faults |= {"s3:ListObjectsV2": DENIED, "ec2:StopInstances": ended_by_another}
        reply = cloud.check()
        assert (reply["outcome"], reply["seen"][-1]) == ("deadline", "instance was stopping before the call")
        assert cloud.tags[names.TAG_OUTCOME] == "succeeded"
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded"]


def test_what_pulumi_removes_before_a_retry_was_not_ended_by_the_check_and_is_no_news() -> None:
    with moto_cloud(on_complete=Action.TERMINATE) as cloud:
        completed_and_due(cloud).tag(released=format_time(cloud.clock.now()))

        def removed() -> object:
            cloud.faults.clear()
            cloud.force_state("shutting-down", 32, "User initiated (2026-03-02 11:20:00 GMT)")
            return PASSING["5xx"]()

        cloud.faults["ec2:TerminateInstances"] = removed
        assert cloud.check()["seen"][-1] == "instance was shutting-down before the call"
        assert (cloud.tags.get(names.TAG_OUTCOME), cloud.messages()) == (None, [])


@pytest.mark.parametrize("ended_by", ["monitor", "people"])
def test_an_ending_that_a_slow_check_records_late_is_not_that_of_a_launch_that_began_meanwhile(ended_by: str) -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud).put("done")
        if ended_by == "people":
            client("ec2").stop_instances(InstanceIds=[cloud.instance_id])

        def started_again() -> object:
            cloud.faults.clear()
            _start_again(cloud)
            return {}

        cloud.faults["scheduler:DeleteSchedule"] = started_again
        assert cloud.check()["outcome"] == "succeeded"
        cloud.pass_time(hours=1)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        assert cloud.check()["outcome"] == "interrupted"
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded", "interrupted"]


@STOPPED
def test_what_somebody_starts_again_is_not_terminated_because_it_was_stopped(
    stopped: Callable[[Cloud], None],
) -> None:
    with moto_cloud(on_failure=Action.TERMINATE, terminate_after_days=1, max_runtime_hours=0.0) as cloud:
        stopped(cloud)
        _after_the_first_look(cloud, lambda: _start_again(cloud))
        reply = cloud.check()
        assert (cloud.state, reply["action"]) == ("running", None)
        assert reply["seen"][-1] == f"left {cloud.instance_id} as it is: it was started again"


@STOPPED
def test_what_is_stopped_is_terminated_by_a_later_check_where_ec2_does_not_tell_whether_it_still_is(
    stopped: Callable[[Cloud], None],
) -> None:
    with moto_cloud(on_failure=Action.TERMINATE, terminate_after_days=1, max_runtime_hours=0.0) as cloud:
        stopped(cloud)
        _after_the_first_look(cloud, lambda: cloud.faults.update({"ec2:DescribeInstances": PASSING["5xx"]}))
        assert cloud.check()["action"] is None
        assert cloud.state == "stopped"
        cloud.faults.clear()
        assert cloud.check()["action"] == "terminate"


def test_what_ended_since_the_look_is_not_reported() -> None:
    with moto_cloud(on_complete=Action.REPORT) as cloud:
        completed_and_due(cloud)
        _after_the_first_look(cloud, lambda: client("ec2").stop_instances(InstanceIds=[cloud.instance_id]))
        assert cloud.check()["seen"][-1] == f"left {cloud.instance_id} as it is: it is stopped"
        assert (cloud.messages(), names.TAG_OUTCOME in cloud.tags) == ([], False)


@pytest.mark.parametrize("happens", ["started again", "held", "EC2 does not tell"])
def test_while_a_training_reacts_to_its_signal_the_instance_may_be_started_again_or_put_on_hold(happens: str) -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=24)

        def meanwhile() -> object:
            cloud.faults.clear()
            if happens == "started again":
                client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
                _start_again(cloud)
            elif happens == "held":
                cloud.tag(hold_until="2026-03-03T12:00:00Z")
            else:
                cloud.faults["ec2:DescribeInstances"] = PASSING["5xx"]
            return DENIED()

        cloud.faults["ssm:SendCommand"] = meanwhile
        reply = cloud.check()
        ended = happens == "EC2 does not tell"
        assert (cloud.state, reply["action"]) == (("stopped", "stop") if ended else ("running", None))
        assert cloud.tags.get(names.TAG_OUTCOME) == ("deadline" if ended else None)
