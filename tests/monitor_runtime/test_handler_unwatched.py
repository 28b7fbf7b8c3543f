"""The handler on moto: a live instance of this monitor whose schedule is gone or wrong is an error; others are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.contract import names
from monitor_runtime.observe.locate import UnwatchedError
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import GROUP, MONITOR, RUN, Cloud, moto_cloud
from .handler_paths import PATHS, S3_EVENT, watched
from .log_lines import logged

EVENTS: Mapping[str, Callable[[Cloud], Mapping[str, Any]]] = {
    "s3": lambda _: S3_EVENT,
    "spot": PATHS["spot warning"].event,
    "follow-up": lambda cloud: cloud.event("follow-up"),
}


def _delete_group(cloud: Cloud) -> None:
    del cloud
    client("scheduler").delete_schedule_group(Name=GROUP)


def _delete_schedule(cloud: Cloud) -> None:
    del cloud
    client("scheduler").delete_schedule(GroupName=GROUP, Name=RUN)


def _release(cloud: Cloud) -> None:
    cloud.handle(cloud.event("first-check", tf={"action": "delete"}))


def _stop(cloud: Cloud) -> None:
    client("ec2").stop_instances(InstanceIds=[cloud.instance_id])


# A live instance.


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("gone", [_delete_group, _delete_schedule])
def test_a_live_instance_whose_schedule_is_gone_is_an_error_that_names_it_and_what_to_do(
    event: str, gone: Callable[[Cloud], None]
) -> None:
    with moto_cloud() as cloud:
        gone(watched(cloud))
        with pytest.raises(UnwatchedError) as raised:
            cloud.handle(EVENTS[event](cloud))
        said = str(raised.value)
        assert f"schedule {RUN}" in said
        assert f"{cloud.instance_id} (running) of run {RUN} cannot be checked, and may never be ended" in said
        assert "Run pulumi up --refresh" in said


def test_a_live_instance_of_this_monitor_without_the_tag_of_a_schedule_is_an_error() -> None:
    with moto_cloud() as cloud:
        watched(cloud).tag(schedule="")
        with pytest.raises(UnwatchedError, match=f"no tag runctl:schedule: {cloud.instance_id}"):
            cloud.handle(S3_EVENT)


@pytest.mark.parametrize("text", ["", "{}", "[]", json.dumps({"settings": {"run": RUN, "version": 1}})])
@pytest.mark.parametrize("event", EVENTS)
def test_a_live_instance_whose_schedule_has_no_settings_that_can_be_read_is_an_error(event: str, text: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults["scheduler:GetSchedule"] = lambda: {"Target": {"Input": text}}
        with pytest.raises(UnwatchedError, match=f"schedule {RUN} carries no settings that can be read") as raised:
            cloud.handle(EVENTS[event](cloud))
        assert f"{cloud.instance_id} (running) of run {RUN} cannot be checked, and may never be ended" in str(
            raised.value
        )


@pytest.mark.parametrize("event", EVENTS)
def test_a_released_instance_that_lives_on_is_an_error_once_its_removal_has_had_its_time(event: str) -> None:
    with moto_cloud() as cloud:
        _release(watched(cloud))
        _delete_schedule(cloud)
        cloud.pass_time(minutes=11)
        with pytest.raises(UnwatchedError):
            cloud.handle(EVENTS[event](cloud))


# Others.


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("before", [_release, _stop])
def test_an_instance_that_is_stopped_or_just_being_removed_is_ignored_when_its_schedule_is_gone(
    event: str, before: Callable[[Cloud], None]
) -> None:
    with moto_cloud() as cloud:
        before(watched(cloud))
        _delete_schedule(cloud)
        cloud.pass_time(minutes=1)
        with logged() as log:
            assert cloud.handle(EVENTS[event](cloud))["decision"] == "ignored"
        assert [line["run"] for line in log.of("ignored")] == [RUN]


def test_a_follow_up_of_a_run_that_is_not_declared_any_more_is_ignored_with_a_reason() -> None:
    with moto_cloud() as cloud:
        _stop(watched(cloud))
        _delete_schedule(cloud)
        reply = cloud.check("follow-up")
        assert reply["reason"] == f"schedule {RUN} does not exist: {RUN} is not declared any more"


def test_a_follow_up_of_the_monitor_that_a_run_had_before_is_ignored() -> None:
    with moto_cloud() as cloud:
        watched(cloud).tag(monitor="team/dev/new")
        _delete_schedule(cloud)
        assert cloud.check("follow-up")["decision"] == "ignored"


@pytest.mark.parametrize("event", ["s3", "spot"])
def test_an_instance_of_another_monitor_is_ignored_whatever_became_of_its_schedule(event: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud).tag(monitor="team/prod/other", schedule="gone")
        assert cloud.handle(EVENTS[event](cloud))["reasons"] == [
            f"{cloud.instance_id} belongs to team/prod/other, not to {MONITOR}"
        ]


@pytest.mark.parametrize("event", EVENTS)
def test_a_stopped_instance_is_ignored_when_its_schedule_has_no_settings_that_can_be_read(event: str) -> None:
    with moto_cloud() as cloud:
        _stop(watched(cloud))
        cloud.faults["scheduler:GetSchedule"] = lambda: {"Target": {"Input": "{}"}}
        assert cloud.handle(EVENTS[event](cloud))["decision"] == "ignored"


def test_a_follow_up_whose_schedule_is_gone_while_ec2_does_not_answer_is_a_check_of_its_own_settings() -> None:
    with moto_cloud() as cloud:
        _delete_schedule(watched(cloud))
        cloud.faults["ec2:DescribeInstances"] = PASSING["5xx"]
        reply = cloud.check("follow-up")
        assert reply["decision"] == "wait"
        assert "settings as of the last check: ec2:DescribeInstances" in reply["problems"][0]


# Several runs.


@pytest.mark.parametrize(
    ("schedule", "error"),
    [
        (lambda: {"Target": {"Input": "{}"}}, UnwatchedError),
        (PASSING["throttled"], CloudError),
        (PASSING["timeout"], CloudError),
        (DENIED, CloudError),
    ],
)
def test_a_run_that_cannot_be_checked_keeps_no_other_run_of_the_event_from_its_check(
    schedule: Callable[[], object], error: type[Exception]
) -> None:
    with moto_cloud() as cloud:
        watched(cloud).launch_another("other")
        cloud.faults["scheduler:GetSchedule"] = lambda: _first(cloud, schedule)
        with logged() as log, pytest.raises(error):
            cloud.handle(S3_EVENT)
        assert [line["run"] for line in log.of("check")] == ["other"]
        assert [(line["run"], line["exception_name"]) for line in log.of("check failed")] == [(RUN, error.__name__)]


def _first(cloud: Cloud, answer: Callable[[], object]) -> object:
    del cloud.faults["scheduler:GetSchedule"]
    return answer()


def test_of_several_runs_that_cannot_be_checked_each_has_its_line() -> None:
    with moto_cloud() as cloud:
        watched(cloud).launch_another("other")
        _delete_group(cloud)
        with logged() as log, pytest.raises(UnwatchedError):
            cloud.handle(S3_EVENT)
        assert {line["run"] for line in log.of("check failed")} == {RUN, "other"}
        assert len(log.of("check failed")) == 2


def test_instances_of_one_run_are_told_of_together() -> None:
    with moto_cloud() as cloud:
        other = watched(cloud).launch_another()
        _delete_schedule(cloud)
        with pytest.raises(UnwatchedError) as raised:
            cloud.handle(S3_EVENT)
        assert f"{cloud.instance_id} (running), {other} (running) of run {RUN}" in str(raised.value)
        assert names.TAG_MONITOR in str(raised.value)
