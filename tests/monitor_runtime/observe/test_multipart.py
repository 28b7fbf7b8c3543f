"""Objects that came as multipart uploads: S3 dates them back to the beginning of the upload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract import memory, names
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.decisions import End, Wait
from monitor_runtime.decide.multipart import multipart_digest
from monitor_runtime.decide.observation import Observation
from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import begin_upload

from ..builders import PREFIX, at, decided, instance, seen, settings
from ..cloud.moto_cloud import BUCKET, Cloud, moto_cloud
from ..handler_paths import watched

OUTPUTS = settings(expected_outputs=("model.pt",))
LARGE = StoredObject(f"{PREFIX}model.pt", 5 << 30, at(hours=1), multipart=True)
APPEARED = at(hours=2)
GRACE = timedelta(seconds=OUTPUTS.grace_seconds)


def _noticed(newest: datetime = LARGE.modified_at, since: datetime = APPEARED) -> dict[str, str]:
    completion = f"outputs of {format_time(newest)} {multipart_digest([LARGE])}"
    return {names.TAG_NOTICED: memory.noticed_value(completion, since)}


def _seen(*objects: StoredObject, **fields: Any) -> Observation:
    return seen(*objects, instance=instance(**fields))


def test_its_grace_begins_when_it_is_first_noticed() -> None:
    assert decided(OUTPUTS, _seen(LARGE), APPEARED) == Wait(
        "expected outputs model.pt: grace period until 2026-03-02T11:05:00Z", at(hours=2, minutes=5)
    )


@pytest.mark.parametrize(("seconds", "kind"), [(299, Wait), (300, End)])
def test_its_grace_is_counted_from_when_it_was_noticed(seconds: int, kind: type[object]) -> None:
    decision = decided(OUTPUTS, _seen(LARGE, tags=_noticed()), at(hours=2, seconds=seconds))
    assert isinstance(decision, kind)


def test_what_was_noticed_of_another_object_does_not_count() -> None:
    earlier = _noticed(at(minutes=30))
    assert isinstance(decided(OUTPUTS, _seen(LARGE, tags=earlier), at(hours=3)), Wait)


def test_an_output_that_is_newer_than_what_was_noticed_starts_the_grace() -> None:
    newer = StoredObject(f"{PREFIX}metrics.json", 1, at(hours=2, minutes=4))
    both = settings(expected_outputs=("model.pt", "metrics.json"))
    noticed = _noticed(newer.modified_at, newer.modified_at)
    assert isinstance(decided(both, _seen(LARGE, newer, tags=noticed), at(hours=2, minutes=8)), Wait)
    assert isinstance(decided(both, _seen(LARGE, newer, tags=noticed), at(hours=2, minutes=9)), End)


def test_an_output_that_s3_dates_back_starts_the_grace_though_another_one_is_newer() -> None:
    newest = StoredObject(f"{PREFIX}metrics.json", 1, at(hours=2))
    both = settings(expected_outputs=("model.pt", "metrics.json"))
    earlier = StoredObject(f"{PREFIX}model.pt", 5 << 30, at(minutes=50), multipart=True)
    completion = f"outputs of {format_time(newest.modified_at)} {multipart_digest([earlier])}"
    noticed = {names.TAG_NOTICED: memory.noticed_value(completion, at(hours=2))}
    assert isinstance(decided(both, _seen(LARGE, newest, tags=noticed), at(hours=2, minutes=5)), Wait)


def test_an_object_of_one_part_counts_from_its_date() -> None:
    small = StoredObject(f"{PREFIX}model.pt", 1, at(hours=1))
    assert isinstance(decided(OUTPUTS, _seen(small), at(hours=1, minutes=5)), End)


def _complete(upload_id: str) -> None:
    where = {"Bucket": BUCKET, "Key": f"{PREFIX}model.pt", "UploadId": upload_id}
    part = client("s3").upload_part(**where, PartNumber=1, Body=b"weights")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client("s3").complete_multipart_upload(**where, MultipartUpload=parts)


def test_the_handler_gives_a_large_output_its_grace_from_when_it_was_there() -> None:
    with moto_cloud(expected_outputs=("model.pt",)) as cloud:
        watched(cloud)
        _complete(begin_upload(BUCKET, f"{PREFIX}model.pt", cloud.clock.now()))
        cloud.pass_time(minutes=20)
        first = cloud.check()
        cloud.pass_time(minutes=3)
        second = cloud.check()
        cloud.pass_time(minutes=2, seconds=1)
        assert [first["decision"], second["decision"], cloud.check()["decision"]] == ["wait", "wait", "end"]


def _begun(cloud: Cloud) -> str:
    """The upload of the output, which S3 will date back to now, and of which 20 minutes pass."""
    watched(cloud)
    began = cloud.clock.now()
    upload_id = begin_upload(BUCKET, f"{PREFIX}model.pt", began)
    cloud.faults["s3:ListObjectsV2"] = lambda: _listed(began)
    cloud.pass_time(minutes=20)
    return upload_id


def _listed(began: datetime) -> dict[str, Any]:
    """What S3 answers; moto dates a multipart upload to its end."""
    page = client("s3").list_objects_v2(Bucket=BUCKET, Prefix=PREFIX, Delimiter="/")
    return {"Contents": [{**entry, "LastModified": began} for entry in page.get("Contents", [])]}


def _slowly(cloud: Cloud, happen: Callable[[], object]) -> None:
    """The next listing takes 40 s; three quarters of it have passed when something happens, and it sees that."""
    listed = cloud.faults["s3:ListObjectsV2"]

    def slow() -> object:
        cloud.faults["s3:ListObjectsV2"] = listed
        cloud.clock.sleep(30)
        happen()
        cloud.clock.sleep(10)
        return listed()

    cloud.faults["s3:ListObjectsV2"] = slow


def _ended_after(cloud: Cloud, completed_at: datetime) -> timedelta:
    """How long after its completion the run was ended, by checks that wait for the end of its grace period."""
    cloud.pass_time(minutes=4)
    assert cloud.check()["decision"] == "end"
    return cloud.clock.now() - completed_at


def test_an_output_that_is_completed_while_it_is_looked_for_has_its_grace_in_full() -> None:
    with moto_cloud(expected_outputs=("model.pt",)) as cloud:
        upload_id = _begun(cloud)
        completed_at = cloud.clock.now() + timedelta(seconds=30)
        _slowly(cloud, lambda: _complete(upload_id))
        assert cloud.check()["decision"] == "wait"
        assert _ended_after(cloud, completed_at) >= GRACE


def test_an_output_that_is_noticed_within_its_first_second_has_its_grace_in_full() -> None:
    with moto_cloud(expected_outputs=("model.pt",)) as cloud:
        upload_id = _begun(cloud)
        cloud.pass_time(milliseconds=600)
        _complete(upload_id)
        completed_at = cloud.clock.now()
        assert cloud.check()["decision"] == "wait"
        assert _ended_after(cloud, completed_at) >= GRACE


def test_a_grace_that_runs_out_while_a_check_looks_is_not_over_for_that_check() -> None:
    small = StoredObject(f"{PREFIX}model.pt", 1, at(hours=1))
    looked = seen(small, objects_at=at(hours=1, minutes=5, seconds=1))
    assert isinstance(decided(OUTPUTS, looked, at(hours=1, minutes=4, seconds=59)), Wait)


def test_how_late_a_completion_was_noticed_counts_up_to_the_answer_of_s3(capsys: pytest.CaptureFixture[str]) -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=1)
        cloud.faults["s3:ListObjectsV2"] = lambda: _listed(at(hours=2))
        _slowly(cloud, lambda: None)
        cloud.check()
    assert '"DetectionLatencySeconds":[100.0]' in capsys.readouterr().out


def test_an_upload_under_way_keeps_a_completed_run_running() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        began = cloud.clock.now()
        upload_id = begin_upload(BUCKET, f"{PREFIX}last é+%\n.pt", began)
        # Moto encodes no keys, and tells the same time of 2010 for every upload.
        cloud.faults["s3:ListMultipartUploads"] = lambda: {
            "EncodingType": "url",
            "Uploads": [{"Key": f"{PREFIX}last+%C3%A9%2B%25%0A.pt", "UploadId": upload_id, "Initiated": began}],
        }
        cloud.pass_time(minutes=6)
        reply = cloud.check("first-check")
        assert (reply["decision"], cloud.state) == ("wait", "running")
        assert reply["reason"] == f"marker done, but upload of {PREFIX}last é+%\n.pt under way"
