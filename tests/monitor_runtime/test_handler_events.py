"""The handler on moto: events as EventBridge delivers them, and what is no trigger at all."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.contract.triggers import TriggerError
from monitor_runtime.observe.misses import MAX_ENTERED
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import BUCKET, MONITOR, PREFIX, RUN, Cloud, moto_cloud
from .handler_paths import watched

MARKER = PREFIX + "done"


def _s3_event(bucket: str = BUCKET, key: str = MARKER) -> dict[str, Any]:
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {
            "key": key,
            "size": 5,
            "etag": "b1946ac92492d2347c6235b4d2611184",
            "sequencer": "00617F08299329D189",
        },
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    }
    return _event("aws.s3", "Object Created", f"arn:aws:s3:::{bucket}", detail)


def _spot_event(instance_id: str) -> dict[str, Any]:
    resource = f"arn:aws:ec2:us-east-1a:instance/{instance_id}"
    detail = {"instance-id": instance_id, "instance-action": "terminate"}
    return _event("aws.ec2", "EC2 Spot Instance Interruption Warning", resource, detail)


def _event(source: str, kind: str, resource: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": source,
        "account": "123456789012",
        "time": "2026-03-02T11:00:00Z",
        "region": "us-east-1",
        "resources": [resource],
        "detail": detail,
    }


def test_an_s3_event_leads_to_the_run_by_its_tags() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        reply = cloud.handle(_s3_event())
        assert (reply["run"], reply["trigger"]) == (RUN, "s3-event")
        assert cloud.made()[:3] == ["ec2:DescribeInstances", "scheduler:GetSchedule", "s3:ListObjectsV2"]


def test_a_spot_warning_signals_records_and_leaves_the_rest_to_ec2() -> None:
    with moto_cloud() as cloud:
        reply = watched(cloud).handle(_spot_event(cloud.instance_id))
        assert (reply["decision"], reply["outcome"], cloud.state) == ("interrupt", "interrupted", "running")
        assert "ssm:SendCommand" in cloud.made()


def test_a_copy_of_a_spot_warning_that_comes_when_the_interruption_is_over_is_an_ordinary_check() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        warning = _spot_event(cloud.instance_id)
        watched(cloud).handle(warning)
        cloud.put("FAILED")
        cloud.pass_time(minutes=8)
        reply = cloud.handle(warning)
        assert (reply["decision"], reply["outcome"], cloud.state) == ("end", "failed", "stopped")
        cloud.check()
        assert [message["outcome"] for message in cloud.messages()] == ["interrupted", "failed"]


def test_a_training_that_ec2_left_alone_is_not_signalled_by_a_warning_that_comes_late() -> None:
    with moto_cloud() as cloud:
        warning = _spot_event(cloud.instance_id)
        watched(cloud).pass_time(minutes=8)
        reply = cloud.handle(warning)
        assert reply["decision"] == "wait"
        assert "the spot warning of 2026-03-02T11:00:00Z is over: EC2 did not take the instance" in reply["seen"]
        assert "ssm:SendCommand" not in cloud.made()


def test_a_spot_warning_is_not_for_the_launch_that_came_after_it() -> None:
    with moto_cloud() as cloud:
        warning = _spot_event(cloud.instance_id)
        watched(cloud).pass_time(minutes=4)
        cloud.relaunched_at(cloud.clock.now())
        assert cloud.handle(warning)["decision"] == "wait"


def test_a_spot_warning_without_a_time_counts() -> None:
    with moto_cloud() as cloud:
        warning = _spot_event(cloud.instance_id) | {"time": "soon"}
        assert watched(cloud).handle(warning)["decision"] == "interrupt"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (_s3_event(key="elsewhere/done"), "no instance for outputs/elsewhere/"),
        (_s3_event(bucket="other"), f"no instance for other/{PREFIX}"),
        (_spot_event("i-00000000000000000"), "no instance for i-00000000000000000"),
    ],
)
def test_an_event_for_no_instance_is_ignored_with_a_reason(event: dict[str, Any], reason: str) -> None:
    with moto_cloud() as cloud:
        assert cloud.handle(event)["reasons"] == [reason]


def _described(cloud: Cloud, *keys: str, seconds_apart: float = 0) -> int:
    """How many DescribeInstances the events of these keys cost together."""
    count = 0
    for key in keys:
        cloud.handle(_s3_event(key=key))
        count += cloud.made().count("ec2:DescribeInstances")
        cloud.pass_time(seconds=seconds_apart)
    return count


@pytest.mark.parametrize(
    "folder",
    [
        PREFIX + "shards/{}/",
        PREFIX + "shards/{}/parts/",
        PREFIX + "{}/",
        "elsewhere/{}/",
        "elsewhere/a/b/c/d/{}/e/f/",
        PREFIX + "shards/{}/a/b/c/d/e/",
        "runs/eval-{}/",
    ],
)
def test_markers_in_hundreds_of_folders_that_are_no_places_of_runs_cost_a_few_calls(folder: str) -> None:
    with moto_cloud() as cloud:
        keys = [folder.format(number) + "done" for number in range(300)]
        assert _described(cloud, *keys) <= 1 + MAX_ENTERED


def test_events_while_ec2_throttles_are_left_to_the_next_check_for_a_minute() -> None:
    with moto_cloud() as cloud:
        cloud.faults["ec2:DescribeInstances"] = PASSING["throttled"]
        with pytest.raises(CloudError, match="ThrottlingException"):
            cloud.handle(_s3_event())
        assert _described(cloud, *[f"{PREFIX}shards/{number}/done" for number in range(59)], seconds_apart=1) == 0
        del cloud.faults["ec2:DescribeInstances"]
        cloud.pass_time(seconds=1)
        assert cloud.handle(_s3_event())["run"] == RUN


def test_the_same_miss_is_asked_for_once_a_minute() -> None:
    with moto_cloud() as cloud:
        first = _described(cloud, PREFIX + "shards/done")
        assert _described(cloud, *[PREFIX + "shards/done"] * 59, seconds_apart=1) == 0
        cloud.pass_time(seconds=1)
        assert _described(cloud, PREFIX + "shards/done") == first


def test_a_miss_that_is_remembered_is_ignored_with_a_reason() -> None:
    with moto_cloud() as cloud:
        cloud.handle(_s3_event(key="elsewhere/done"))
        reply = cloud.handle(_s3_event(key="elsewhere/done"))
        assert (reply["decision"], reply["calls"]) == ("ignored", {})
        assert reply["reasons"] == ["no instance for outputs/elsewhere/, as of a moment ago"]


@pytest.mark.parametrize("missed", ["runs/other/done", PREFIX + "shards/1/done", "done", "runs/done", "elsewhere/done"])
def test_no_miss_hides_a_run(missed: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.handle(_s3_event(key=missed))
        assert cloud.handle(_s3_event())["run"] == RUN


def test_a_run_that_is_found_is_looked_for_each_time() -> None:
    with moto_cloud() as cloud:
        assert _described(watched(cloud), MARKER, MARKER) == 2
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        assert cloud.handle(_s3_event())["decision"] == "ignored"


def test_a_run_that_is_created_after_a_miss_gets_its_events_a_minute_later() -> None:
    with moto_cloud() as cloud:
        entries = [{"Key": "runctl:output", "Value": "outputs/elsewhere/"}]
        client("ec2").create_tags(Resources=[cloud.instance_id], Tags=entries)
        cloud.handle(_s3_event())
        cloud.tag(output=f"{BUCKET}/{PREFIX}")
        assert cloud.handle(_s3_event())["decision"] == "ignored"
        cloud.pass_time(minutes=1)
        assert cloud.handle(_s3_event())["run"] == RUN


def test_events_for_the_runs_of_another_monitor_cost_a_few_calls() -> None:
    with moto_cloud() as cloud:
        cloud.tag(monitor="team/prod/other")
        assert _described(cloud, *[MARKER] * 300) <= 1 + MAX_ENTERED


def test_a_look_around_a_miss_that_fails_is_no_failure_of_the_event() -> None:
    with moto_cloud() as cloud:

        def nobody_then_throttled() -> object:
            cloud.faults["ec2:DescribeInstances"] = PASSING["throttled"]
            return {"Reservations": []}

        cloud.faults["ec2:DescribeInstances"] = nobody_then_throttled
        assert cloud.handle(_s3_event(key="elsewhere/done"))["decision"] == "ignored"
        assert _described(cloud, "elsewhere/done") == 0


def test_an_event_for_an_instance_of_another_monitor_is_ignored_with_a_reason() -> None:
    with moto_cloud() as cloud:
        cloud.tag(monitor="team/prod/other")
        reply = cloud.handle(_s3_event())
        assert reply["decision"] == "ignored"
        assert reply["reasons"] == [f"{cloud.instance_id} belongs to team/prod/other, not to {MONITOR}"]


def test_a_spot_warning_for_an_instance_of_another_monitor_is_ignored_with_a_reason() -> None:
    with moto_cloud() as cloud:
        cloud.tag(monitor="team/prod/other")
        reply = cloud.handle(_spot_event(cloud.instance_id))
        assert reply["reasons"] == [f"{cloud.instance_id} belongs to team/prod/other, not to {MONITOR}"]


def test_a_run_that_cannot_be_ended_keeps_no_other_run_of_the_event_from_being_ended() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud)
        other = cloud.launch_another("other")
        cloud.put("done")
        cloud.faults["ec2:StopInstances"] = DENIED
        with pytest.raises(EndingFailedError):
            cloud.handle(_s3_event())
        asked = [parameters["InstanceIds"] for call, parameters in cloud.calls if call == "ec2:StopInstances"]
        assert asked == [[cloud.instance_id], [other]]


@pytest.mark.parametrize(
    "event",
    [{}, {"trigger": "manual"}, {"trigger": 5}, {"source": "aws.s3", "detail-type": "Object Deleted"}, [], "x",
     {"source": "aws.s3", "detail-type": "Object Created", "detail": {}},
     {"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning", "detail": {"instance-id": 5}}],
)  # fmt: skip
def test_anything_else_is_refused_with_what_is_accepted(event: Any) -> None:
    with moto_cloud(), pytest.raises(TriggerError, match="accepted"):
        _handle_raw(event)


def _handle_raw(event: object) -> None:
    from monitor_runtime.handler import handler  # noqa: PLC0415

    from .cloud.moto_cloud import Context  # noqa: PLC0415

    handler(event, Context())
