"""The handler on moto: what it waits for within an invocation, and what it leaves to the next trigger."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.observe.first_check import FirstCheckError
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import BUCKET, PREFIX, RUN, Cloud, Context, moto_cloud
from .handler_paths import S3_EVENT, completed_and_due, watched

OFTEN = {"initial_interval_seconds": 10, "backoff_multiplier": 1.0, "max_interval_seconds": 60}
_SCHEDULING = {"scheduler:CreateSchedule", "scheduler:UpdateSchedule"}


def _elapsed(cloud: Cloud, trigger: str = "heartbeat") -> float:
    began = cloud.clock.now()
    cloud.check(trigger)
    return (cloud.clock.now() - began).total_seconds()


def test_many_short_waits_together_take_no_longer_than_one_may() -> None:
    with moto_cloud(**OFTEN) as cloud:
        cloud.check("first-check")
        assert 60 < _elapsed(cloud) <= 75


def _completed_while_a_check_waits(cloud: Cloud) -> None:
    cloud.check("first-check")
    cloud.clock.at(cloud.clock.now() + timedelta(seconds=45), lambda: cloud.put("done"))


def test_the_end_of_grace_of_what_is_completed_while_a_check_waits_is_waited_for_too() -> None:
    with moto_cloud(**OFTEN, grace_seconds=60) as cloud:
        _completed_while_a_check_waits(cloud)
        assert (_elapsed(cloud), cloud.state) == (105, "stopped")


def test_the_time_of_a_training_to_react_is_not_waited_away_for_the_end_of_a_grace_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def a_minute_taken(_: Context) -> int:
        return 840_000

    monkeypatch.setattr(Context, "get_remaining_time_in_millis", a_minute_taken)
    with moto_cloud(**OFTEN, grace_seconds=75, shutdown_timeout_seconds=600) as cloud:
        _completed_while_a_check_waits(cloud)
        assert (_elapsed(cloud), cloud.state) == (49, "running")
        assert names.follow_up_name(RUN) in cloud.schedules()


def test_what_an_ending_needs_of_the_invocation_is_not_waited_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_a_hurry(_: Context) -> int:
        return 100_000

    monkeypatch.setattr(Context, "get_remaining_time_in_millis", in_a_hurry)
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=4, seconds=30)
        assert _elapsed(cloud) == 0
        assert names.follow_up_name(RUN) in cloud.schedules()


def test_a_hold_that_is_set_while_a_check_waits_for_the_end_of_grace_counts() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=4, seconds=10)
        hold = timedelta(seconds=20)
        cloud.clock.at(cloud.clock.now() + hold, lambda: cloud.tag(hold_until="2026-03-02T20:00:00Z"))
        assert (cloud.check()["decision"], cloud.state) == ("wait", "running")


@pytest.mark.parametrize("seconds_left", [1, 20, 60, 75, 200])
def test_an_event_does_not_wait_for_the_end_of_grace_but_has_it_followed_up(seconds_left: int) -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(seconds=300 - seconds_left)
        began = cloud.clock.now()
        reply = cloud.handle(S3_EVENT)
        assert (cloud.clock.now() - began, reply["checks"], reply["decision"]) == (timedelta(), 1, "wait")
        assert names.follow_up_name(RUN) in cloud.schedules()


def test_a_further_event_does_not_put_off_the_follow_up_of_the_one_before() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.handle(S3_EVENT)
        planned = cloud.schedules()[names.follow_up_name(RUN)]["ScheduleExpression"]
        cloud.pass_time(minutes=4, seconds=30)
        reply = cloud.handle(S3_EVENT)
        assert cloud.schedules()[names.follow_up_name(RUN)]["ScheduleExpression"] == planned
        assert reply["next_check_at"] == "2026-03-02T11:05:00Z"


def test_the_time_that_a_slow_look_took_is_not_waited_again() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=4)
        _slow_once(cloud, seconds=40)
        assert (_elapsed(cloud), cloud.state) == (60, "stopped")


def test_a_follow_up_lies_ahead_however_long_the_look_took() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=3, seconds=20)
        _slow_once(cloud, seconds=50)
        cloud.check()
        assert cloud.schedules()[names.follow_up_name(RUN)]["ScheduleExpression"] == "at(2026-03-02T11:04:25)"


def _slow_once(cloud: Cloud, seconds: float) -> None:
    def slow() -> object:
        del cloud.faults["s3:ListObjectsV2"]
        cloud.clock.sleep(seconds)
        return client("s3").list_objects_v2(Bucket=BUCKET, Prefix=PREFIX, Delimiter="/")

    cloud.faults["s3:ListObjectsV2"] = slow


def test_an_ending_that_failed_is_left_to_the_retry_of_lambda_and_to_the_heartbeat() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:StopInstances"] = PASSING["5xx"]
        with pytest.raises(EndingFailedError):
            cloud.check()
        assert not _SCHEDULING & set(cloud.made())


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("call", ["ec2:DescribeInstances", "s3:ListObjectsV2"])
def test_an_hour_in_which_a_service_fails_costs_no_more_than_a_calm_one(call: str, kind: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults[call] = PASSING[kind]
        for _ in range(12):
            assert _elapsed(cloud) == 0
            assert cloud.made().count(call) == 1
            assert not _SCHEDULING & set(cloud.made())
            cloud.pass_time(minutes=5)


@pytest.mark.parametrize("call", ["s3:GetObject", "s3:ListMultipartUploads"])
def test_an_hour_in_which_a_finished_run_cannot_be_verified_costs_no_more_than_a_calm_one(call: str) -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults[call] = PASSING["5xx"]
        for _ in range(12):
            assert _elapsed(cloud) == 0
            assert cloud.made().count(call) == 1
            assert not _SCHEDULING & set(cloud.made())
            cloud.pass_time(minutes=5)


def test_the_first_check_is_patient_with_a_fresh_role() -> None:
    with moto_cloud() as cloud:
        ready_at = cloud.clock.now() + timedelta(seconds=95)
        cloud.faults["s3:ListObjectsV2"] = lambda: _denied_until(cloud, ready_at)
        assert _elapsed(cloud, "first-check") == 100


def _denied_until(cloud: Cloud, moment: datetime) -> object:
    if cloud.clock.now() < moment:
        return DENIED()
    del cloud.faults["s3:ListObjectsV2"]
    return {"Contents": []}


def test_the_first_check_gives_up_after_two_minutes_however_slow_the_calls_are() -> None:
    with moto_cloud() as cloud:

        def time_out() -> object:
            cloud.clock.sleep(39)
            return PASSING["timeout"]()

        cloud.faults["ec2:DescribeInstances"] = cloud.faults["s3:ListObjectsV2"] = time_out
        began = cloud.clock.now()
        with pytest.raises(FirstCheckError, match="cannot be seen"):
            cloud.check("first-check")
        assert (cloud.clock.now() - began).total_seconds() < 240


def test_a_report_that_no_topic_takes_keeps_back_neither_a_first_sight_nor_the_check_at_the_end_of_grace() -> None:
    with moto_cloud(on_deadline=Action.REPORT) as cloud:
        watched(cloud)
        cloud.pass_time(hours=23)
        cloud.put("done")
        cloud.faults["sns:Publish"] = DENIED
        assert cloud.check()["outcome"] == "deadline"
        assert cloud.tags[names.TAG_NOTICED].endswith("marker succeeded")
        assert names.follow_up_name(RUN) in cloud.schedules()
