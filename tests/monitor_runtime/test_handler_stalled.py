"""The handler on moto: runs that stop writing, with small and large checkpoints."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Stalled
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED
from .cloud.moto_cloud import BUCKET, PREFIX, Cloud, moto_cloud
from .handler_paths import watched

STALLED = Stalled(("checkpoints/*.pt",), 60)


def _begin_upload(cloud: Cloud, name: str) -> dict[str, Any]:
    """Of an upload, moto always tells the same time."""
    key = PREFIX + name
    upload_id = client("s3").create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    under_way = {"Key": key, "UploadId": upload_id, "Initiated": cloud.clock.now()}
    cloud.faults["s3:ListMultipartUploads"] = lambda: {"Uploads": [under_way]}
    return {"Bucket": BUCKET, "Key": key, "UploadId": upload_id}


def _complete(cloud: Cloud, upload: dict[str, Any]) -> None:
    del cloud.faults["s3:ListMultipartUploads"]
    etag = client("s3").upload_part(**upload, PartNumber=1, Body=b"w")["ETag"]
    client("s3").complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})


def _watch(cloud: Cloud, minutes: int) -> dict[str, Any]:
    """A check every 5 minutes, until it is over; the last reply."""
    reply: dict[str, Any] = {}
    for _ in range(minutes // 5):
        cloud.pass_time(minutes=5)
        reply = cloud.check()
        if cloud.state != "running":
            break
    return reply


def test_a_run_is_ended_an_hour_after_its_last_checkpoint() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud).put("checkpoints/1.pt")
        assert (_watch(cloud, 55)["decision"], cloud.state) == ("wait", "running")
        reply = _watch(cloud, 5)
        assert (reply["outcome"], reply["action"], cloud.state) == ("stalled", "stop", "stopped")
        assert reply["reason"] == (
            "no new object has matched checkpoints/*.pt since 2026-03-02T11:00:00Z, for 60 minutes"
        )
        assert cloud.tags[names.TAG_OUTCOME] == "stalled"


def test_a_run_that_goes_on_writing_goes_on() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        for number in range(6):
            cloud.put(f"checkpoints/{number}.pt")
            _watch(cloud, 55)
        assert cloud.state == "running"


def test_a_run_that_never_writes_is_ended_an_hour_after_its_launch() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        cloud.check("first-check")
        assert _watch(cloud, 60)["outcome"] == "stalled"


def test_a_marker_in_its_grace_keeps_a_run_from_stalling() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud).put("done")
        assert cloud.check()["reason"].startswith("marker done: grace period")


def test_on_hold_nobody_looks_for_checkpoints() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud).tag(hold_until="2026-03-02T12:00:00Z")
        assert cloud.check()["decision"] == "wait"
        assert cloud.made().count("s3:ListObjectsV2") == 1


def test_checkpoints_are_listed_only_when_they_may_be_missing() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        cloud.check("first-check")
        cloud.put("checkpoints/1.pt")
        cloud.pass_time(minutes=50)
        cloud.check()
        assert cloud.made().count("s3:ListObjectsV2") == 1
        cloud.put("checkpoints/2.pt")
        cloud.pass_time(minutes=30)
        cloud.check()
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2", "s3:ListObjectsV2"]


def test_what_was_listed_for_markers_is_not_listed_again_while_it_proves_progress() -> None:
    with moto_cloud(stalled=Stalled(("*.pt",), 60)) as cloud:
        watched(cloud).put("1.pt")
        cloud.check()
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2"]


def test_an_upload_under_way_for_longer_is_progress() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud)
        _begin_upload(cloud, "checkpoints/big.pt")
        assert (_watch(cloud, 120)["decision"], cloud.state) == ("wait", "running")


def test_an_upload_of_another_name_is_no_progress() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud)
        _begin_upload(cloud, "logs/train.log")
        assert cloud.check()["outcome"] == "stalled"


def test_an_upload_that_is_completed_between_the_looks_is_progress() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud)

        def completed_meanwhile() -> object:
            cloud.put("checkpoints/1.pt")
            return {}

        cloud.faults["s3:ListMultipartUploads"] = completed_meanwhile
        assert (cloud.check()["decision"], cloud.state) == ("wait", "running")


def test_uploads_that_cannot_be_seen_are_progress() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud)
        cloud.faults["s3:ListMultipartUploads"] = DENIED
        reply = cloud.check()
        assert (reply["decision"], cloud.state) == ("wait", "running")
        assert "s3:ListMultipartUploads" in reply["problems"][0]


def test_a_large_checkpoint_counts_from_when_it_was_there() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud)
        upload = _begin_upload(cloud, "checkpoints/big.pt")
        _watch(cloud, 90)
        _complete(cloud, upload)
        assert (_watch(cloud, 55)["decision"], cloud.state) == ("wait", "running")
        assert _watch(cloud, 15)["outcome"] == "stalled"


def test_while_nothing_can_be_remembered_large_checkpoints_never_stall_and_that_is_told() -> None:
    with moto_cloud(stalled=STALLED) as cloud:
        watched(cloud)
        _complete(cloud, _begin_upload(cloud, "checkpoints/big.pt"))
        cloud.faults["ec2:CreateTags"] = DENIED
        reply = _watch(cloud, 180)
        assert (reply["decision"], cloud.state) == ("wait", "running")
        assert "not recorded in tags" in " ".join(reply["problems"])


def test_a_run_that_is_only_reported_as_stalled_is_told_once() -> None:
    with moto_cloud(stalled=STALLED, on_failure=Action.REPORT) as cloud:
        watched(cloud)
        _watch(cloud, 60)
        assert cloud.state == "running"
        assert [message["outcome"] for message in cloud.messages()] == ["stalled"]


@pytest.mark.parametrize("minutes", [5, 7])
def test_a_stall_shorter_than_the_heartbeat_is_found_in_time(minutes: int) -> None:
    with moto_cloud(stalled=Stalled(("checkpoints/*.pt",), minutes), max_interval_seconds=3600) as cloud:
        watched(cloud).put("checkpoints/1.pt")
        assert cloud.check()["decision"] == "wait"
        assert f"{cloud.settings.run}.follow-up" in cloud.schedules()
