"""What happens while a check is at work: another check ends the run, or somebody starts the instance again."""

from __future__ import annotations

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import moto_cloud
from .handler_paths import watched


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


@pytest.mark.parametrize("ended_by", ["monitor", "people"])
def test_an_ending_that_a_slow_check_records_late_is_not_that_of_a_launch_that_began_meanwhile(ended_by: str) -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud).put("done")
        if ended_by == "people":
            client("ec2").stop_instances(InstanceIds=[cloud.instance_id])

        def started_again() -> object:
            cloud.faults.clear()
            cloud.pass_time(minutes=1)
            client("ec2").start_instances(InstanceIds=[cloud.instance_id])
            cloud.relaunched_at(cloud.clock.now())
            return {}

        cloud.faults["scheduler:DeleteSchedule"] = started_again
        assert cloud.check()["outcome"] == "succeeded"
        cloud.pass_time(hours=1)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        assert cloud.check()["outcome"] == "interrupted"
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded", "interrupted"]
