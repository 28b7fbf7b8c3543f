"""The handler on moto when every call is slow: a check ends in time, and what it had no time to see is unknown."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from monitor_runtime.act.ending import ENDING_SECONDS
from monitor_runtime.cloud.aws import AwsCloud
from monitor_runtime.contract.lateness import TIMEOUT_SECONDS
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.observe.time_budget import LONGEST_CALL_SECONDS
from sandbox.aws.boto import client

from .cloud.moto_cloud import Cloud, Context, moto_cloud
from .handler_paths import completed_and_due, watched

OUTPUTS = tuple(f"outputs-{number}/model.pt" for number in range(50))
CHECKPOINTS = tuple(f"checkpoints-{number}/model.pt" for number in range(50))
FOLDERS = {"expected_outputs": OUTPUTS, "checkpoint_patterns": CHECKPOINTS, "max_runtime_hours": 0.0}


@contextmanager
def _slow(cloud: Cloud, seconds: float) -> Generator[Callable[[], float]]:
    """Every call takes so long, and Lambda counts; how long the invocation has taken by now."""
    began = cloud.clock.now()
    call: Callable[..., Any] = AwsCloud._call  # pyright: ignore[reportPrivateUsage]

    def taken() -> float:
        return (cloud.clock.now() - began).total_seconds()

    def remaining(_: Context) -> int:
        return int(1000 * (TIMEOUT_SECONDS - taken()))

    def slow(aws: AwsCloud, *arguments: Any) -> Any:
        cloud.clock.sleep(seconds)
        return call(aws, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AwsCloud, "_call", slow)
        patch.setattr(Context, "get_remaining_time_in_millis", remaining)
        yield taken


def _put_all(cloud: Cloud, names: Sequence[str]) -> None:
    for name in names:
        cloud.put(name)


@pytest.mark.parametrize("seconds", [20, 26])
def test_outputs_that_there_is_no_time_to_look_for_are_unknown(seconds: int) -> None:
    with moto_cloud(**FOLDERS) as cloud:
        watched(cloud)
        with _slow(cloud, seconds) as taken:
            reply = cloud.check()
        assert "time budget" in reply["problems"][0]
        assert (reply["decision"], reply["reason"].partition(":")[0]) == ("wait", "S3 unknown")
        assert taken() < TIMEOUT_SECONDS - ENDING_SECONDS + 2 * seconds


def test_a_success_that_there_is_no_time_to_verify_waits_within_the_budget() -> None:
    with moto_cloud(**FOLDERS) as cloud:
        _put_all(watched(cloud), (*OUTPUTS, *CHECKPOINTS))
        cloud.pass_time(minutes=6)
        with _slow(cloud, 9) as taken:
            reply = cloud.check()
        assert reply["reason"].startswith("verification unknown: list_folder: time budget used up")
        assert (cloud.state, reply["decision"]) == ("running", "wait")
        assert taken() < TIMEOUT_SECONDS - ENDING_SECONDS + 2 * 9


def test_with_calls_of_usual_speed_as_many_patterns_are_all_looked_for() -> None:
    with moto_cloud(**FOLDERS) as cloud:
        _put_all(watched(cloud), (*OUTPUTS, *CHECKPOINTS))
        cloud.pass_time(minutes=6)
        with _slow(cloud, 0.2):
            assert (cloud.check()["outcome"], cloud.state) == ("succeeded", "stopped")


@pytest.mark.parametrize("seconds", [9, 13, 20])
def test_a_deadline_that_passed_while_nothing_could_be_seen_ends_the_run_in_time(seconds: int) -> None:
    with moto_cloud(**{**FOLDERS, "max_runtime_hours": 3.0}) as cloud:
        watched(cloud).pass_time(hours=2)
        with _slow(cloud, seconds) as taken:
            assert (cloud.check()["outcome"], cloud.state) == ("deadline", "stopped")
        assert taken() < TIMEOUT_SECONDS


def test_the_longest_ending_that_follows_the_longest_look_still_fits() -> None:
    fields = {"on_complete": Action.TERMINATE, "checkpoint_patterns": CHECKPOINTS}
    with moto_cloud(**fields) as cloud:
        cloud.make_spot("persistent")
        _put_all(cloud, CHECKPOINTS)
        completed_and_due(cloud)
        fits = int((TIMEOUT_SECONDS - ENDING_SECONDS - LONGEST_CALL_SECONDS) / 12.3)
        assert fits > len(CHECKPOINTS) + 3
        with _slow(cloud, 12) as taken:
            assert (cloud.check()["outcome"], cloud.state) == ("succeeded", "terminated")
        assert TIMEOUT_SECONDS - ENDING_SECONDS < taken() < TIMEOUT_SECONDS


def test_instances_for_which_no_time_is_left_are_told_and_looked_at_by_the_next_check() -> None:
    with moto_cloud(expected_outputs=OUTPUTS, on_deadline=Action.TERMINATE) as cloud:
        watched(cloud)
        others = [cloud.launch_another() for _ in range(9)]
        cloud.pass_time(hours=30)
        with _slow(cloud, 13) as taken:
            reply = cloud.check()
        assert "no time is left for" in " ".join(reply["problems"])
        assert taken() < TIMEOUT_SECONDS
        cloud.check()
        found = client("ec2").describe_instances(InstanceIds=[cloud.instance_id, *others])["Reservations"]
        assert {each["Instances"][0]["State"]["Name"] for each in found} == {"terminated"}
