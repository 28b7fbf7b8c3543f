"""Objects that came as multipart uploads: S3 dates them back to the beginning of the upload."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime import names, tags
from monitor_runtime.decision import decide
from monitor_runtime.decisions import End, Wait
from monitor_runtime.world import Observation, StoredObject
from sandbox.boto import client
from sandbox.moto_gaps import begin_upload

from .builders import PREFIX, at, instance, seen, settings
from .handler_paths import watched
from .moto_cloud import BUCKET, moto_cloud

OUTPUTS = settings(expected_outputs=("model.pt",))
LARGE = StoredObject(f"{PREFIX}model.pt", 5 << 30, at(hours=1), multipart=True)
APPEARED = at(hours=2)


def _noticed(since: Any = None) -> dict[str, str]:
    return {names.TAG_NOTICED: tags.noticed_value(since or LARGE.modified_at, APPEARED)}


def _seen(*objects: StoredObject, **fields: Any) -> Observation:
    return seen(*objects, instance=instance(**fields))


def test_its_grace_begins_when_it_is_first_noticed() -> None:
    assert decide(OUTPUTS, _seen(LARGE), APPEARED) == Wait(
        "expected outputs model.pt: grace period until 2026-03-02T11:05:00Z", at(hours=2, minutes=5)
    )


@pytest.mark.parametrize(("seconds", "kind"), [(299, Wait), (300, End)])
def test_its_grace_is_counted_from_when_it_was_noticed(seconds: int, kind: type[object]) -> None:
    decision = decide(OUTPUTS, _seen(LARGE, tags=_noticed()), at(hours=2, seconds=seconds))
    assert isinstance(decision, kind)


def test_what_was_noticed_of_another_object_does_not_count() -> None:
    earlier = _noticed(at(minutes=30))
    assert isinstance(decide(OUTPUTS, _seen(LARGE, tags=earlier), at(hours=3)), Wait)


def test_an_output_that_is_newer_than_what_was_noticed_starts_the_grace() -> None:
    newer = StoredObject(f"{PREFIX}metrics.json", 1, at(hours=2, minutes=4))
    both = settings(expected_outputs=("model.pt", "metrics.json"))
    noticed = {names.TAG_NOTICED: tags.noticed_value(newer.modified_at, newer.modified_at)}
    assert isinstance(decide(both, _seen(LARGE, newer, tags=noticed), at(hours=2, minutes=8)), Wait)
    assert isinstance(decide(both, _seen(LARGE, newer, tags=noticed), at(hours=2, minutes=9)), End)


def test_an_object_of_one_part_counts_from_its_date() -> None:
    small = StoredObject(f"{PREFIX}model.pt", 1, at(hours=1))
    assert isinstance(decide(OUTPUTS, _seen(small), at(hours=1, minutes=5)), End)


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


def test_an_upload_under_way_keeps_a_completed_run_running() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        began = cloud.clock.now()
        # Moto encodes no keys, and tells the same time of 2010 for every upload.
        cloud.faults["s3:ListMultipartUploads"] = lambda: {
            "EncodingType": "url",
            "Uploads": [{"Key": f"{PREFIX}last+%C3%A9%2B%25%0A.pt", "UploadId": "1", "Initiated": began}],
        }
        cloud.pass_time(minutes=6)
        reply = cloud.check("first-check")
        assert (reply["decision"], cloud.state) == ("wait", "running")
        assert reply["reason"] == f"marker done, but upload of {PREFIX}last é+%\n.pt under way"
