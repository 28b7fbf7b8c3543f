"""How late a completion was first seen: measured once, whatever becomes of the check that sees it."""

from __future__ import annotations

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract.outcomes import Action
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import moto_cloud
from .handler_paths import PATHS, watched
from .log_lines import logged


@pytest.mark.parametrize("grace", [0, 300])
@pytest.mark.parametrize("action", Action)
def test_it_is_measured_where_it_ends_the_run_at_once(action: Action, grace: int) -> None:
    with moto_cloud(grace_seconds=grace, on_complete=action) as cloud:
        watched(cloud).put("done")
        cloud.pass_time(seconds=grace + 40)
        with logged() as log:
            assert cloud.check()["outcome"] == "succeeded"
            cloud.pass_time(minutes=5)
            cloud.check()
        assert log.measured("DetectionLatencySeconds") == [grace + 40]


def test_it_is_measured_once_where_the_ending_fails_at_first() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud).put("done")
        cloud.pass_time(seconds=40)
        cloud.faults["ec2:StopInstances"] = PASSING["5xx"]
        with logged() as log:
            with pytest.raises(EndingFailedError):
                cloud.check()
            cloud.faults.clear()
            cloud.check()
        assert log.measured("DetectionLatencySeconds") == [40]


def test_it_is_measured_where_the_instance_was_found_stopped() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.pass_time(seconds=40)
        with logged() as log:
            cloud.check()
            cloud.check()
        assert log.measured("DetectionLatencySeconds") == [40]


def test_it_is_not_measured_again_by_the_ending_where_it_was_noticed_before() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(seconds=40)
        with logged() as log:
            cloud.check()
            cloud.pass_time(minutes=5)
            assert cloud.check()["decision"] == "end"
        assert log.measured("DetectionLatencySeconds") == [40]


def test_it_is_measured_where_a_spot_warning_shows_the_completion() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(seconds=40)
        with logged() as log:
            cloud.handle(PATHS["spot warning"].event(cloud))
            cloud.pass_time(minutes=5)
            cloud.check()
        assert log.measured("DetectionLatencySeconds") == [40]


def test_an_ending_that_was_done_by_another_check_meanwhile_is_not_measured_twice() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud).put("done")

        def meanwhile() -> object:
            del cloud.faults["s3:ListMultipartUploads"]
            cloud.check()
            return {}

        cloud.faults["s3:ListMultipartUploads"] = meanwhile
        with logged() as log:
            cloud.check()
        assert len(log.measured("DetectionLatencySeconds")) == 1


def test_a_completion_that_may_not_be_remembered_ends_the_run_nevertheless() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud).put("done")
        cloud.faults["ec2:CreateTags"] = DENIED
        with logged() as log:
            cloud.check()
        assert (cloud.state, log.measured("DetectionLatencySeconds")) == ("stopped", [0])
