"""Markers that come again, and that go."""

from __future__ import annotations

import pytest

from sandbox.aws.boto import client

from .cloud.moto_cloud import BUCKET, PREFIX, moto_cloud
from .handler_paths import watched


def test_a_marker_that_is_uploaded_every_minute_ends_the_run_one_grace_period_after_its_first_sight() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        for minute in range(7):
            cloud.put("done")
            reply = cloud.check("first-check")
            if reply["decision"] == "end":
                assert minute == 5
                return
            cloud.pass_time(minutes=1)
        pytest.fail("the run was never ended")


def test_a_marker_that_is_gone_again_ends_its_grace_period_and_that_is_said_once() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.check("first-check")
        client("s3").delete_object(Bucket=BUCKET, Key=f"{PREFIX}done")
        cloud.pass_time(minutes=6)
        gone, later = cloud.check(), cloud.check()
        assert gone["problems"] == ["marker succeeded is gone again: the run goes on, its grace period has ended"]
        assert (later["problems"], cloud.state) == ([], "running")


@pytest.mark.parametrize(
    ("marker", "noticed", "other", "completes"),
    [
        ("FAILED", "marker failed", "done", "marker done"),
        ("done", "marker succeeded", "model.pt", "expected outputs model.pt"),
    ],
)
def test_a_marker_that_is_gone_is_told_of_once_where_something_else_completes_the_run(
    marker: str, noticed: str, other: str, completes: str
) -> None:
    with moto_cloud(expected_outputs=("model.pt",)) as cloud:
        watched(cloud).put(marker)
        cloud.put(other)
        cloud.check()
        client("s3").delete_object(Bucket=BUCKET, Key=f"{PREFIX}{marker}")
        told = [problem for _ in range(2) for problem in cloud.check()["problems"]]
        assert told == [f"{noticed} is gone again: {completes} completes the run"]
