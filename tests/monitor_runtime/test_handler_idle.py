"""The handler on moto: runs that download, train, rest, and are measured by the right or the wrong dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from monitor_runtime.contract.settings import Idle
from sandbox.aws.boto import client

from .cloud.moto_cloud import Cloud, moto_cloud

GPU = "CWAgent/nvidia_smi_utilization_gpu"
IDLE = Idle(GPU, 5, 30)
REST, WORK = 0.0, 97.0


def _watched(
    cloud: Cloud, hours: float, utilization: Callable[[float], float], further: Sequence[dict[str, str]] = ()
) -> tuple[float, dict[str, Any]]:
    """Check every 5 minutes until the run is ended; how many minutes that took, and the last reply.

    ``utilization`` by the minutes since the launch; ``further`` dimensions are those that the agent adds by itself.
    """
    minutes = 0.0
    while True:
        reply = cloud.check()
        if cloud.state != "running" or minutes >= hours * 60:
            return minutes, reply
        client("cloudwatch").put_metric_data(
            Namespace="CWAgent",
            MetricData=[
                {
                    "MetricName": "nvidia_smi_utilization_gpu",
                    "Dimensions": [{"Name": "InstanceId", "Value": cloud.instance_id}, *further],
                    "Timestamp": cloud.clock.now(),
                    "Value": utilization(minutes),
                }
            ],
        )
        cloud.pass_time(minutes=5)
        minutes += 5


def test_an_hour_of_download_with_an_idle_gpu_is_not_idleness() -> None:
    with moto_cloud(idle=IDLE) as cloud:
        _, reply = _watched(cloud, 4, lambda minute: REST if minute < 60 else WORK)
        assert (reply["decision"], cloud.state, reply["problems"]) == ("wait", "running", [])


def test_a_run_that_rests_after_its_first_activity_is_ended_after_its_window() -> None:
    with moto_cloud(idle=IDLE) as cloud:
        minutes, reply = _watched(cloud, 4, lambda minute: WORK if 20 <= minute < 60 else REST)
        assert (reply["outcome"], reply["reason"]) == ("idle", f"{GPU} under 5 for 30 minutes")
        assert 60 + 30 <= minutes <= 60 + 30 + 10


def test_a_run_that_is_never_active_is_ended_a_window_after_its_warm_up() -> None:
    with moto_cloud(idle=Idle(GPU, 5, 30, warm_up_minutes=60)) as cloud:
        minutes, reply = _watched(cloud, 4, lambda _: REST)
        assert reply["outcome"] == "idle"
        assert 60 + 30 <= minutes <= 60 + 30 + 10


def test_a_threshold_of_zero_finds_a_run_that_does_nothing_at_all() -> None:
    with moto_cloud(idle=Idle(GPU, 0, 30)) as cloud:
        _, reply = _watched(cloud, 4, lambda minute: 0.5 if minute < 60 else 0.0)
        assert (reply["outcome"], reply["reason"]) == ("idle", f"{GPU} at 0 for 30 minutes")


def test_a_metric_with_the_dimensions_that_the_agent_adds_is_told_as_missing_after_the_first_window() -> None:
    further = [{"Name": "index", "Value": "0"}, {"Name": "name", "Value": "A10G"}, {"Name": "arch", "Value": "Ampere"}]
    with moto_cloud(idle=IDLE) as cloud:
        _, early = _watched(cloud, 0.5, lambda _: REST, further)
        assert early["problems"] == []
        _, reply = _watched(cloud, 0.5, lambda _: REST, further)
        assert (reply["decision"], cloud.state) == ("wait", "running")
        assert "aggregation_dimensions" in reply["problems"][0]
        _, late = _watched(cloud, 7, lambda _: REST, further)
        assert "no datapoint since" in late["problems"][0]


def test_a_check_asks_cloudwatch_once() -> None:
    with moto_cloud(idle=IDLE) as cloud:
        _watched(cloud, 1.5, lambda _: REST)
        assert cloud.made().count("cloudwatch:GetMetricData") == 1
