"""The handler on moto: boxes that report, boxes that never do, and what S3 does not say."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING, error, raiser
from .cloud.moto_cloud import BUCKET, PREFIX, Cloud, moto_cloud
from .log_lines import logged

SILENT = "has not reported since its launch"


@contextmanager
def _silent(**fields: Any) -> Generator[Cloud]:
    """A run whose box should report, past its first check, and 25 minutes after its launch."""
    with moto_cloud(**{"box_reports": True, **fields}) as cloud:
        cloud.check("first-check")
        cloud.pass_time(minutes=25)
        yield cloud


def _told(reply: dict[str, Any]) -> bool:
    return any(SILENT in problem for problem in reply["problems"])


def _messages(cloud: Cloud) -> list[dict[str, Any]]:
    """Those about the box."""
    return [message for message in cloud.all_messages() if message.get("status") == "no sign of life"]


def _relaunch(cloud: Cloud) -> None:
    client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
    client("ec2").start_instances(InstanceIds=[cloud.instance_id])
    cloud.relaunched_at(cloud.clock.now())


# A box that never reports.


def test_a_silent_box_is_told_once_in_the_reply_the_log_and_a_message_and_nothing_is_ended() -> None:
    with _silent() as cloud, logged() as log:
        replies = [cloud.check() for _ in range(3)]
        assert [_told(reply) for reply in replies] == [True, False, False]
        assert [reply["decision"] for reply in replies] == ["wait"] * 3
        assert cloud.state == "running"
        assert [line["level"] for line in log.of("check")] == ["WARNING", "INFO", "INFO"]
        assert log.measured("CheckFailures") == [1, 0, 0]
        (message,) = _messages(cloud)
        assert message["instance_ids"] == [cloud.instance_id]
        assert message["problems"] == replies[0]["problems"]


def test_the_message_names_the_run_and_says_no_sign_of_life_in_its_subject() -> None:
    with _silent() as cloud:
        cloud.check()
        (published,) = [parameters for call, parameters in cloud.calls if call == "sns:Publish"]
        assert published["Subject"] == "Training run llama-ft: no sign of life"


def test_a_silent_box_is_told_without_a_topic_too_and_remembered() -> None:
    with _silent() as cloud, patch.dict(os.environ, {names.ENV_NOTIFY_TOPIC_ARN: ""}):
        assert [_told(cloud.check()) for _ in range(2)] == [True, False]
        assert _messages(cloud) == []


def test_a_silent_box_is_told_during_a_hold_too() -> None:
    with _silent() as cloud:
        cloud.tag(hold_until="2026-03-02T12:00:00Z")
        assert _told(cloud.check())


def test_a_box_that_is_silent_in_the_next_launch_is_told_again() -> None:
    with _silent() as cloud:
        cloud.put(names.STARTED)
        cloud.check()
        cloud.pass_time(minutes=5)
        _relaunch(cloud)
        cloud.pass_time(minutes=25)
        reply = cloud.check()
        assert _told(reply)
        assert "is older than this launch" in reply["problems"][0]


# A box that reports.


def test_a_report_is_read_once_and_remembered() -> None:
    with _silent() as cloud:
        cloud.put(names.STARTED)
        cloud.check()
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2", "s3:GetObject", "ec2:CreateTags"]
        assert cloud.tags[names.TAG_BOX].endswith(" reported")
        assert cloud.check()["problems"] == []
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2"]
        assert _messages(cloud) == []


@pytest.mark.parametrize(("fields", "minutes"), [({"box_reports": True}, 19), ({"box_reports": False}, 25), ({}, 25)])
def test_nothing_is_looked_for_too_soon_or_of_a_box_that_does_not_report(fields: dict[str, Any], minutes: int) -> None:
    with moto_cloud(**fields) as cloud:
        cloud.check("first-check")
        cloud.pass_time(minutes=minutes)
        assert cloud.check()["problems"] == []
        assert "s3:GetObject" not in cloud.made()


def test_a_run_that_is_complete_needs_no_report() -> None:
    with _silent() as cloud:
        cloud.put("done")
        assert not _told(cloud.check())
        assert "s3:GetObject" not in cloud.made()


# What S3 does not say.


def test_s3_denies_what_is_not_there_too_and_a_listing_tells_them_apart() -> None:
    with _silent() as cloud:
        cloud.faults["s3:GetObject"] = DENIED
        reply = cloud.check()
        assert _told(reply)
        assert "AccessDenied" not in reply["problems"][0]
        assert cloud.made().count("s3:ListObjectsV2") == 2
        del cloud.faults["s3:GetObject"]
        assert cloud.check()["problems"] == []


def test_a_report_that_the_monitor_may_not_read_is_told_once_as_that() -> None:
    with _silent() as cloud:
        cloud.put(names.STARTED)
        cloud.faults["s3:GetObject"] = DENIED
        (problem,) = cloud.check()["problems"]
        assert problem.startswith(f"s3://{BUCKET}/{PREFIX}{names.STARTED} is there, and cannot be read (s3:GetObject")
        assert _messages(cloud)[0]["problems"] == [problem]
        assert cloud.check()["problems"] == []


def test_a_listing_of_another_object_is_no_report() -> None:
    with _silent() as cloud:
        cloud.put(f"{names.STARTED}.tmp")
        cloud.faults["s3:GetObject"] = DENIED
        assert _told(cloud.check())


def test_nothing_is_looked_for_while_s3_does_not_list_and_the_next_check_tells() -> None:
    with _silent() as cloud:
        cloud.faults["s3:ListObjectsV2"] = PASSING["5xx"]
        assert not _told(cloud.check())
        assert "s3:GetObject" not in cloud.made()
        del cloud.faults["s3:ListObjectsV2"]
        assert _told(cloud.check())


@pytest.mark.parametrize("kind", PASSING)
def test_a_report_that_s3_fails_to_show_is_unknown_and_the_next_check_tells(kind: str) -> None:
    with _silent() as cloud:
        cloud.faults["s3:GetObject"] = PASSING[kind]
        reply = cloud.check()
        assert not _told(reply)
        assert "s3:GetObject" in reply["problems"][0]
        del cloud.faults["s3:GetObject"]
        assert _told(cloud.check())


def test_a_denial_that_no_listing_explains_is_unknown() -> None:
    with _silent() as cloud:

        def deny() -> object:
            cloud.faults["s3:ListObjectsV2"] = raiser(error("SlowDown", 503))
            return DENIED()

        cloud.faults["s3:GetObject"] = deny
        reply = cloud.check()
        assert not _told(reply)
        assert "s3:ListObjectsV2: SlowDown" in reply["problems"][0]
        assert names.TAG_BOX not in cloud.tags


# What cannot be told, or remembered.


def test_what_the_topic_does_not_take_is_told_by_the_next_check() -> None:
    with _silent() as cloud:
        cloud.faults["sns:Publish"] = DENIED
        reply = cloud.check()
        assert any("notification not sent: sns:Publish" in problem for problem in reply["problems"])
        del cloud.faults["sns:Publish"]
        assert _told(cloud.check())
        assert len(_messages(cloud)) == 1
        assert not _told(cloud.check())


def test_a_silent_box_is_told_once_also_while_tags_are_denied() -> None:
    with _silent() as cloud:
        cloud.faults["ec2:CreateTags"] = DENIED
        assert [_told(cloud.check()) for _ in range(3)] == [True, False, False]
        assert len(_messages(cloud)) == 1


def test_a_report_that_cannot_be_remembered_is_read_by_the_next_check_and_told_by_none() -> None:
    with _silent() as cloud:
        cloud.put(names.STARTED)
        cloud.faults["ec2:CreateTags"] = DENIED
        assert "not recorded in tags" in cloud.check()["problems"][0]
        assert cloud.made().count("s3:GetObject") == 1
        del cloud.faults["ec2:CreateTags"]
        assert cloud.check()["problems"] == []
        assert cloud.made().count("s3:GetObject") == 1
        assert _messages(cloud) == []


# A box whose training had finished, and that is started again.


@contextmanager
def _started_again() -> Generator[Cloud]:
    """A run that reported, succeeded and was stopped, and whose instance is running again."""
    with _silent() as cloud:
        cloud.put(names.STARTED)
        cloud.check()
        cloud.put("done")
        cloud.pass_time(minutes=10)
        assert cloud.check()["outcome"] == "succeeded"
        cloud.pass_time(hours=12)
        _relaunch(cloud)
        yield cloud


def test_a_finished_box_that_is_started_again_is_told_at_once_and_stopped_after_an_hour() -> None:
    with _started_again() as cloud:
        cloud.pass_time(minutes=25)
        told = cloud.check()
        assert "its training had succeeded in an earlier launch, and is not started again" in told["problems"][0]
        cloud.pass_time(minutes=36)
        reply = cloud.check()
        assert (reply["decision"], reply["outcome"], cloud.state) == ("end", "succeeded", "stopped")
        assert reply["reason"] == "succeeded in an earlier launch, and only started again"
        assert len(_messages(cloud)) == 1


def test_a_finished_box_that_trains_again_goes_on() -> None:
    with _started_again() as cloud:
        cloud.pass_time(minutes=25)
        cloud.check()
        cloud.put(names.STARTED)
        cloud.pass_time(minutes=36)
        assert cloud.check()["decision"] == "wait"
        assert cloud.tags[names.TAG_BOX].endswith(" reported")
        cloud.pass_time(hours=2)
        assert (cloud.check()["decision"], cloud.state) == ("wait", "running")


def test_a_finished_box_that_is_held_goes_on_until_its_hold_is_over() -> None:
    with _started_again() as cloud:
        cloud.pass_time(minutes=25)
        cloud.check()
        cloud.tag(hold_until=format_time(cloud.clock.now() + timedelta(hours=3)))
        cloud.pass_time(hours=2)
        assert (cloud.check()["decision"], cloud.state) == ("wait", "running")
        cloud.pass_time(hours=2)
        assert (cloud.check()["decision"], cloud.state) == ("end", "stopped")
