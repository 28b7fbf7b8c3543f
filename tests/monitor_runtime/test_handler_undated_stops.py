"""A stop of which EC2 says no time, as of a shutdown from inside: it counts from when it was first seen."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time

from .cloud.aws_failures import DENIED, error, raiser
from .cloud.moto_cloud import moto_cloud
from .handler_paths import POWERED_OFF, checks, told, watched

NOT_PERMITTED = raiser(error("OperationNotPermitted", 400))


def test_what_s3_denies_for_a_moment_after_a_stop_without_a_time_is_waited_for() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.force_state(*POWERED_OFF)
        cloud.faults["s3:ListObjectsV2"] = DENIED
        assert checks(cloud, 5, minutes=10)["decision"] == "over"
        cloud.faults.clear()
        assert checks(cloud, 1, minutes=5)["outcome"] == "succeeded"
        assert told(cloud) == ["succeeded"]


def test_a_stop_without_a_time_is_noted_as_of_the_second_in_which_the_look_began() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.force_state(*POWERED_OFF)
        cloud.faults["s3:ListObjectsV2"] = DENIED
        cloud.pass_time(minutes=10, seconds=-cloud.clock.now().microsecond / 1e6 + 0.7)
        looked_at = format_time(cloud.clock.now())
        cloud.check()
        assert cloud.tags[names.TAG_NOTICED] == f"{looked_at} stop"


@pytest.mark.parametrize("tagging", [None, DENIED], ids=["tags", "carried"])
def test_what_s3_denies_for_an_hour_after_a_stop_without_a_time_is_not_waited_for(tagging: Any) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.force_state(*POWERED_OFF)
        cloud.faults["s3:ListObjectsV2"] = DENIED
        if tagging:
            cloud.faults["ec2:CreateTags"] = tagging
        checks(cloud, 8, minutes=10)
        assert told(cloud)[:1] == ["interrupted"]


def test_a_stop_without_a_time_is_no_marker_that_is_gone_when_ec2_refuses_to_terminate_it() -> None:
    with moto_cloud(on_deadline=Action.TERMINATE) as cloud:
        watched(cloud)
        cloud.faults["ec2:TerminateInstances"] = NOT_PERMITTED
        checks(cloud, 1, hours=40)
        for state in (("stopping", 64, "User initiated"), POWERED_OFF):
            cloud.force_state(*state)
            checks(cloud, 1, minutes=3)
        assert cloud.tags[names.TAG_OUTCOME] == "deadline"
        assert cloud.tags[names.TAG_NOTICED].endswith(" stop")


@pytest.mark.parametrize("action", Action)
def test_a_stop_without_a_time_that_is_found_late_is_not_taken_for_the_deadline(action: Action) -> None:
    with moto_cloud(on_deadline=action) as cloud:
        watched(cloud)
        cloud.force_state(*POWERED_OFF)
        reply = checks(cloud, 1, hours=40)
        assert (reply["outcome"], cloud.state) == ("interrupted", "stopped")
        assert "since when is not known" in reply["reason"]


@pytest.mark.parametrize("tagging", [None, DENIED], ids=["tags", "carried"])
def test_a_stop_without_a_time_that_hangs_is_forced(tagging: Any) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.force_state("stopping", 64, "User initiated")
        if tagging:
            cloud.faults["ec2:CreateTags"] = tagging
        assert checks(cloud, 2, minutes=5)["decision"] == "over"
        reply = checks(cloud, 2, minutes=5)
        assert reply["decision"] == "force-stop"
        assert "ec2:StopInstances" in cloud.made()


def test_a_stop_without_a_time_is_not_counted_from_a_refusal_before_it() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.faults["ec2:StopInstances"] = NOT_PERMITTED
        checks(cloud, 3, minutes=10)
        cloud.force_state("stopping", 64, "User initiated")
        assert checks(cloud, 1, minutes=1)["decision"] == "over"
