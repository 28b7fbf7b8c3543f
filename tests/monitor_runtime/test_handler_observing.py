"""The handler on moto: what is looked at, what is left alone, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Idle
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.observe import observe
from sandbox.aws.boto import client

from .builders import LAUNCH, PREFIX, at, instance, settings
from .cloud.aws_failures import DENIED
from .cloud.moto_cloud import moto_cloud
from .fakes import PAGE_KEYS, FakeBucket, FakeClock
from .handler_paths import completed_and_due, watched

IDLE = Idle("CPUUtilization", 5, 10)


def test_past_its_deadline_a_run_is_ended_after_one_look_whether_or_not_s3_answers() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.faults["s3:ListObjectsV2"] = DENIED
        cloud.pass_time(hours=23)
        assert (cloud.check()["outcome"], cloud.state) == ("deadline", "stopped")
        assert cloud.made().count("s3:ListObjectsV2") == 1


@pytest.mark.parametrize(("fields", "hold"), [({"on_deadline": Action.REPORT}, ""), ({}, "2026-03-04T09:00:00Z")])
def test_past_a_deadline_that_ends_nothing_s3_is_asked(fields: dict[str, Action], hold: str) -> None:
    with moto_cloud(**fields) as cloud:
        watched(cloud).tag(hold_until=hold)
        cloud.pass_time(hours=23)
        cloud.check()
        assert "s3:ListObjectsV2" in cloud.made()


def test_on_hold_neither_a_metric_nor_a_marker_is_read() -> None:
    with moto_cloud(idle=IDLE) as cloud:
        completed_and_due(cloud).tag(hold_until="2026-03-03T08:00:00Z")
        assert cloud.check()["decision"] == "wait"
        assert not {"s3:GetObject", "cloudwatch:GetMetricData"} & set(cloud.made())


def test_a_completion_that_was_reported_is_not_read_again() -> None:
    with moto_cloud(on_complete=Action.REPORT, on_failure=Action.REPORT) as cloud:
        completed_and_due(cloud).check()
        cloud.check()
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2"]


def test_an_instance_that_is_still_starting_is_watched() -> None:
    with moto_cloud() as cloud:
        cloud.force_state("pending", 0)
        assert cloud.check()["decision"] == "wait"
        assert "s3:ListObjectsV2" in cloud.made()


def test_outputs_that_are_too_many_to_see_do_not_hide_a_marker() -> None:
    crowd = (f"shard-{number:05d}.safetensors" for number in range(6 * PAGE_KEYS))
    bucket = FakeBucket(PREFIX + name for name in chain(crowd, ["done"]))
    broad = settings(expected_outputs=("*.safetensors", "model.json"))
    found = observe(bucket.cloud, broad, instance(), at(minutes=1), FakeClock()).objects
    assert not isinstance(found, Unknown)
    assert f"{PREFIX}done" in [entry.key for entry in found or ()]


def test_outputs_that_are_too_many_to_see_are_unknown_while_there_is_no_marker() -> None:
    bucket = FakeBucket(f"{PREFIX}shard-{number:05d}.safetensors" for number in range(6 * PAGE_KEYS))
    broad = settings(expected_outputs=("*.safetensors", "model.json"))
    assert isinstance(observe(bucket.cloud, broad, instance(), at(minutes=1), FakeClock()).objects, Unknown)


def test_idleness_is_measured_up_to_when_the_metric_is_asked_for_however_slow_s3_was() -> None:
    with moto_cloud(idle=IDLE) as cloud:
        watched(cloud)

        def slow() -> object:
            cloud.clock.sleep(300)
            return {}

        cloud.faults["s3:ListObjectsV2"] = slow
        cloud.check()
        asked = next(given for call, given in cloud.calls if call == "cloudwatch:GetMetricData")
        assert asked["EndTime"] == at(hours=2)


def test_a_marker_of_an_earlier_launch_is_told_and_ignored() -> None:
    with moto_cloud() as cloud:
        cloud.put("done")
        cloud.pass_time(minutes=10)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        client("ec2").start_instances(InstanceIds=[cloud.instance_id])
        cloud.relaunched_at(cloud.clock.now())
        reply = cloud.check()
        assert (reply["decision"], reply["seen"][0]) == ("wait", f"{PREFIX}done is older than the launch: ignored")


@pytest.mark.parametrize("value", ["tomorrow", "2027-01-01T00:00:00Z"])
def test_a_hold_that_does_not_count_is_reported(value: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud).tag(hold_until=value)
        reply = cloud.check()
        assert (reply["decision"], reply["reason"]) == ("wait", "training")
        assert f"runctl:hold-until {value!r}" in reply["problems"][0]


def test_a_launch_has_the_time_of_the_instance() -> None:
    with moto_cloud() as cloud:
        assert cloud.check()["instance"]["launched_at"] == LAUNCH.isoformat().replace("+00:00", "Z")


SHARDS = tuple(f"shard-{number:04}/0.bin" for number in range(1200))


def _observed(names: Iterable[str], **since_launch: float) -> tuple[Outcome, int]:
    """How a run is completed by objects as old as the launch, and how many listings that took."""
    bucket = FakeBucket(PREFIX + name for name in names)
    found = observe(bucket.cloud, settings(), instance(), at(**since_launch), FakeClock()).completion
    assert found is not None
    return found.outcome, len(bucket.listed)


def test_a_marker_on_the_first_of_many_pages_is_noticed_by_one_listing() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        for name in (*SHARDS, "done"):
            cloud.put(name)
        assert "marker done" in cloud.check()["reason"]
        assert cloud.made().count("s3:ListObjectsV2") == 1


def test_while_nothing_follows_from_a_success_no_later_page_is_looked_at() -> None:
    assert _observed([*SHARDS, "done", "training_failed.txt"], minutes=4) == (Outcome.SUCCEEDED, 1)


@pytest.mark.parametrize(("further", "outcome"), [([], Outcome.SUCCEEDED), (["training_failed.txt"], Outcome.FAILED)])
def test_before_a_success_counts_the_failure_markers_on_later_pages_are_looked_for(
    further: list[str], outcome: Outcome
) -> None:
    assert _observed([*SHARDS, "done", *further], minutes=6) == (outcome, 2)


def test_a_failure_marker_on_the_first_of_many_pages_is_enough() -> None:
    assert _observed([*SHARDS, "FAILED", "done"], minutes=6) == (Outcome.FAILED, 1)


def test_an_output_in_any_of_many_folders_completes_a_run() -> None:
    with moto_cloud(expected_outputs=("checkpoints/epoch-*/model.pt",)) as cloud:
        watched(cloud).put("checkpoints/epoch-12/optimizer.pt")
        assert cloud.check()["reason"] == "training, incomplete: checkpoints/epoch-*/model.pt: absent"
        cloud.put("checkpoints/epoch-12/model.pt")
        assert cloud.check()["reason"].startswith("expected outputs checkpoints/epoch-*/model.pt: grace period")
        assert cloud.made().count("s3:ListObjectsV2") == 2


def test_a_failure_marker_that_was_seen_before_is_not_hidden_by_a_success_marker_on_the_first_page() -> None:
    bucket = FakeBucket(
        f"{PREFIX}{name}" for name in ("done", *(f"m{number:04d}" for number in range(PAGE_KEYS)), "z.failed")
    )
    run = settings(failure_markers=("*.failed",))
    noticed = instance(tags={names.TAG_NOTICED: "2026-03-02T09:00:00Z marker failed"})
    found = [observe(bucket.cloud, run, each, at(minutes=1), FakeClock()).completion for each in (instance(), noticed)]
    assert [completion and completion.outcome for completion in found] == ["succeeded", "failed"]
