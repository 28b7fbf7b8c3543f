"""Work in doubt is kept, and what the monitor cannot write down is not forgotten."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import begin_upload

from .cloud.aws_failures import DENIED, PASSING, error, raiser
from .cloud.moto_cloud import BUCKET, GROUP, PREFIX, RUN, Cloud, moto_cloud
from .handler_paths import completed_and_due, watched

CANNOT_STOP = raiser(error("UnsupportedOperation", 400))


def _complete(cloud: Cloud, body: bytes) -> None:
    watched(cloud).put("training_complete.txt", body)
    cloud.pass_time(minutes=6)
    cloud.check()
    cloud.pass_time(minutes=10)


# What the marker says.


@pytest.mark.parametrize(
    "body",
    [
        b'{"outcome": "failed", "exit_code": "1"}',
        b'{"outcome": "failed", "exit_code": [], "checkpoint": 5}',
        b'{"outcome": "Failed"}',
        b'{"exit_code": 1}',
    ],
)
def test_a_success_marker_that_tells_of_a_failure_is_one(body: bytes) -> None:
    with moto_cloud(on_complete=Action.TERMINATE) as cloud:
        _complete(cloud, body)
        assert (cloud.tags[names.TAG_OUTCOME], cloud.state) == ("failed", "stopped")


def test_a_rank_that_failed_makes_the_run_failed_though_another_succeeded_before() -> None:
    with moto_cloud(markers=["rank-*.done"], on_complete=Action.TERMINATE) as cloud:
        watched(cloud).put("rank-0.done", b'{"exit_code": 0}')
        cloud.put("rank-1.done", b'{"exit_code": 1}')
        cloud.pass_time(minutes=6)
        cloud.check()
        assert (cloud.tags[names.TAG_REASON], cloud.state) == ("marker rank-1.done exit code 1", "stopped")


def test_a_failure_that_only_the_body_tells_of_is_reported_once_and_as_nothing_else() -> None:
    with moto_cloud(on_complete=Action.REPORT, on_failure=Action.REPORT) as cloud:
        _complete(cloud, b'{"exit_code": 3}')
        cloud.check()
        cloud.check()
        assert (cloud.tags[names.TAG_OUTCOME], len(cloud.messages())) == ("failed", 1)


def test_a_failure_that_was_reported_stays_one_though_its_marker_cannot_be_read_any_more() -> None:
    with moto_cloud(on_failure=Action.REPORT, max_runtime_hours=0.0) as cloud:
        _complete(cloud, b'{"exit_code": 3}')
        cloud.check()
        cloud.faults["s3:GetObject"] = DENIED
        cloud.pass_time(hours=1)
        cloud.check()
        assert (cloud.state, cloud.tags[names.TAG_OUTCOME], len(cloud.messages())) == ("running", "failed", 1)


@pytest.mark.parametrize(
    "body",
    [b'{"outcome": "failed", "log": "' + b"x" * 70_000 + b'"}', b'{"outcome": "aborted"}', b"{'outcome': 'failed'}"],
)
def test_a_success_marker_that_is_not_understood_terminates_nothing(body: bytes) -> None:
    with moto_cloud(on_complete=Action.TERMINATE) as cloud:
        _complete(cloud, body)
        reply = cloud.check()
        assert (reply["outcome"], cloud.state) == ("unverified", "stopped")
        assert "its body is not understood" in " ".join(reply["problems"])


def test_the_last_words_of_a_training_stay_in_s3() -> None:
    with moto_cloud() as cloud:
        _complete(cloud, b'{"outcome": "failed", "exit_code": 1, "message": "HF_TOKEN=hf_123"}')
        told = json.dumps([cloud.messages(), cloud.tags])
        assert "exit code 1" in told
        assert "hf_123" not in told


# What cannot be stopped.


@pytest.mark.parametrize("denied", [{}, {"ec2:CreateTags": DENIED}])
def test_unverified_work_on_an_instance_that_cannot_be_stopped_is_kept_until_the_deadline_and_told_once_and_at_once(
    denied: dict[str, Any],
) -> None:
    with moto_cloud(on_complete=Action.TERMINATE) as cloud:
        cloud.faults["ec2:StopInstances"] = CANNOT_STOP
        watched(cloud).put("done")
        cloud.faults.update(denied)
        _upload_under_way(cloud)
        cloud.pass_time(minutes=16)
        reply = cloud.check()
        (message,) = cloud.messages()
        assert (reply["outcome"], cloud.state) == ("unverified", "running")
        assert (
            message["done"] == "kept the instance running until its deadline 2026-03-03T09:00:00Z: EC2 cannot stop it"
        )
        assert message["instance_state"] == "running"
        for _ in range(3):
            cloud.pass_time(minutes=5)
            cloud.check()
            assert "sns:Publish" not in cloud.made()
        assert cloud.state == "running"
        assert cloud.switch_name in cloud.schedules()


def test_unverified_work_that_is_kept_past_its_deadline_is_ended_by_the_last_look_after_it() -> None:
    with moto_cloud(on_complete=Action.TERMINATE, max_runtime_hours=2.2, verify_timeout_seconds=600) as cloud:
        cloud.faults["ec2:StopInstances"] = CANNOT_STOP
        watched(cloud).put("done")
        _upload_under_way(cloud)
        cloud.pass_time(minutes=15)
        reply = cloud.check()
        assert (reply["outcome"], reply["next_check_at"]) == ("unverified", "2026-03-02T11:17:00Z")
        (message,) = cloud.messages()
        assert message["done"] == "kept the instance running past its deadline 2026-03-02T11:12:00Z: EC2 cannot stop it"


def test_that_an_instance_is_kept_is_told_by_the_next_check_where_the_topic_did_not_take_it() -> None:
    with moto_cloud(on_complete=Action.TERMINATE) as cloud:
        watched(cloud).put("done")
        cloud.faults |= {"ec2:StopInstances": CANNOT_STOP, "sns:Publish": PASSING["5xx"]}
        _upload_under_way(cloud)
        cloud.pass_time(minutes=16)
        cloud.check()
        del cloud.faults["sns:Publish"]
        for _ in range(2):
            cloud.pass_time(minutes=5)
            cloud.check()
        assert [message["outcome"] for message in cloud.messages()] == ["unverified"]


def test_unverified_work_on_an_instance_that_was_stopped_needs_no_further_check() -> None:
    with moto_cloud(max_runtime_hours=2.3) as cloud:
        watched(cloud).put("done")
        _upload_under_way(cloud)
        cloud.pass_time(minutes=15)
        reply = cloud.check()
        assert (reply["outcome"], cloud.state, reply["next_check_at"]) == ("unverified", "stopped", None)
        assert names.follow_up_name(RUN) not in cloud.schedules()


def _upload_under_way(cloud: Cloud) -> None:
    """Moto tells the same time of 2010 for every upload."""
    began = cloud.clock.now()
    upload_id = begin_upload(BUCKET, f"{PREFIX}last.pt", began)
    under_way = {"Uploads": [{"Key": f"{PREFIX}last.pt", "UploadId": upload_id, "Initiated": began}]}
    cloud.faults["s3:ListMultipartUploads"] = lambda: under_way


def test_an_upload_that_gets_parts_all_the_time_is_waited_for() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        _upload_under_way(cloud)
        for _ in range(6):
            cloud.pass_time(minutes=5)
            moved_at = cloud.clock.now()
            cloud.faults["s3:ListParts"] = lambda moved_at=moved_at: {"Parts": [{"LastModified": moved_at}]}
            assert (cloud.check()["decision"], cloud.state) == ("wait", "running")
        cloud.faults["s3:ListMultipartUploads"] = lambda: {"Uploads": []}
        assert cloud.check()["outcome"] == "succeeded"


# Messages.


@pytest.mark.parametrize(
    ("fields", "done", "state"),
    [
        ({}, "stopped the instance", "stopping"),
        ({"on_complete": Action.TERMINATE}, "terminated the instance", "shutting-down"),
        ({"on_complete": Action.REPORT}, "reported it, and left the instance as it is", "running"),
    ],
)
def test_a_message_says_what_was_done_and_the_state_after_it(fields: dict[str, Any], done: str, state: str) -> None:
    with moto_cloud(**fields) as cloud:
        completed_and_due(cloud).check()
        (message,) = cloud.messages()
        assert (message["done"], message["instance_state"]) == (done, state)


def test_a_deadline_tells_what_of_the_outputs_was_missing() -> None:
    with moto_cloud(expected_outputs=("model-*.bin", "config.json"), markers=()) as cloud:
        watched(cloud).put("model-1-of-3.bin")
        unmet = ["model-*.bin: only part 1 of 3", "config.json: absent"]
        reply = cloud.check()
        assert (reply["unmet"], reply["reason"]) == (unmet, f"training, incomplete: {unmet[0]}")
        cloud.pass_time(hours=23)
        cloud.check()
        assert cloud.messages()[0]["unmet"] == unmet


# Tags that cannot be written.


def test_where_tags_are_denied_an_output_that_s3_dates_back_has_its_grace_period_once() -> None:
    with moto_cloud(expected_outputs=("model.pt",)) as cloud:
        watched(cloud)
        _output_of_an_upload(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        first_seen = cloud.clock.now()
        decisions: list[str] = []
        for _ in range(5):
            decisions.append(cloud.check()["decision"])
            cloud.pass_time(minutes=1)
        assert decisions == ["wait"] * 4 + ["end"]
        assert cloud.clock.now() - first_seen == timedelta(minutes=6)


def _output_of_an_upload(cloud: Cloud) -> None:
    began = cloud.clock.now()
    cloud.pass_time(minutes=30)
    entry = {"Key": f"{PREFIX}model.pt", "Size": 5, "LastModified": began, "ETag": '"x-2"'}
    cloud.faults["s3:ListObjectsV2"] = lambda: {"Contents": [entry]}


@pytest.mark.parametrize("fields", [{}, {"on_complete": Action.TERMINATE}, {"on_complete": Action.REPORT}])
def test_where_tags_are_denied_an_ending_is_told_once_and_counted_once(
    fields: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with moto_cloud(**fields) as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        for _ in range(12):
            cloud.check()
            cloud.pass_time(minutes=5)
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded"]
    assert capsys.readouterr().out.count('"Endings":[1.0]') == 1


def test_where_tags_are_denied_a_run_that_was_stopped_by_hand_is_told_once() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.faults["ec2:CreateTags"] = DENIED
        for _ in range(12):
            cloud.check()
            cloud.pass_time(minutes=5)
        assert [message["outcome"] for message in cloud.messages()] == ["interrupted"]


def test_what_could_not_be_written_is_written_by_the_follow_up_that_carries_it() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        del cloud.faults["ec2:CreateTags"]
        carried = json.loads(cloud.schedules()[f"{RUN}.follow-up"]["Target"]["Input"])
        client("scheduler").delete_schedule(GroupName=GROUP, Name=f"{RUN}.follow-up")
        cloud.handle(carried)
        assert cloud.tags[names.TAG_OUTCOME] == "succeeded"
        assert f"{RUN}.follow-up" not in cloud.schedules()
