"""The handler on moto: what it sends, what comes of it, what it replies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.cloud import aws
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import SettingsError
from monitor_runtime.observe.first_check import FirstCheckError
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import BUCKET, GROUP, PREFIX, RUN, Cloud, moto_cloud
from .handler_paths import completed_and_due, watched
from .log_lines import logged

MARKER = PREFIX + "done"
SPOT_WARNING = {"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning"}
MEASURED = ("DetectionLatencySeconds", "GraceWaitSeconds", "StopLatencySeconds")


# Calls counted.


def test_a_check_costs_one_describe_and_one_list() -> None:
    with moto_cloud() as cloud:
        reply = watched(cloud).check()
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2"]
        assert reply["calls"] == {"ec2": 1, "s3": 1}


def test_an_ended_run_costs_one_describe() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud).check()
        reply = cloud.check()
        assert cloud.made() == ["ec2:DescribeInstances"]
        assert reply["decision"] == "over"


def test_an_ending_verifies_stops_cleans_up_records_and_tells_in_this_order() -> None:
    with moto_cloud() as cloud:
        reply = completed_and_due(cloud).check()
        assert cloud.made() == [
            "ec2:DescribeInstances",
            "s3:ListObjectsV2",
            "s3:GetObject",
            "s3:ListMultipartUploads",
            "ec2:StopInstances",
            "scheduler:DeleteSchedule",
            "ec2:CreateTags",
            "scheduler:DeleteSchedule",
            "sns:Publish",
            "ec2:CreateTags",
        ]
        assert (reply["decision"], reply["outcome"], reply["action"]) == ("end", "succeeded", "stop")


def test_expected_outputs_cost_one_more_list_for_each_folder_that_they_name() -> None:
    with moto_cloud(expected_outputs=("model/a.pt", "model/b.pt", "logs/x", "y")) as cloud:
        watched(cloud).check()
        assert cloud.made().count("s3:ListObjectsV2") == 3


def test_markers_behind_a_full_page_are_looked_for_on_the_next() -> None:
    with moto_cloud() as cloud:
        for number in range(1001):
            cloud.put(f"a{number:05d}")
        watched(cloud).put("training_complete.txt")
        reply = cloud.check()
        assert cloud.made().count("s3:ListObjectsV2") == 2
        assert reply["reason"].startswith("marker training_complete.txt: grace period")


def test_at_most_64_kib_of_a_marker_are_read() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done", b"{" * 200_000)
        cloud.pass_time(minutes=6)
        reply = cloud.check()
        (read, *_) = [parameters for call, parameters in cloud.calls if call == "s3:GetObject"]
        assert read["Range"] == "bytes=0-65535"
        assert reply["reason"] == "marker done, but its body is not understood: cut off at 65536 bytes"


# Endings.


def test_one_notification_tells_of_an_ending() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud).check()
        cloud.check()
        (message,) = cloud.messages()
        assert (message["run"], message["outcome"], message["reason"]) == (RUN, "succeeded", "marker done")
        assert message["output_uri"] == f"s3://{BUCKET}/{PREFIX}"


def test_the_outcome_of_an_ending_that_ec2_refuses_is_kept() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:StopInstances"] = DENIED
        with pytest.raises(EndingFailedError):
            cloud.check()
        assert (cloud.tags[names.TAG_OUTCOME], cloud.tags[names.TAG_REASON]) == ("succeeded", "refused: marker done")


def test_a_spot_training_has_no_longer_to_react_than_ec2_gives() -> None:
    with moto_cloud(shutdown_timeout_seconds=600) as cloud:
        watched(cloud).handle(SPOT_WARNING | {"detail": {"instance-id": cloud.instance_id}})
        (sent,) = [parameters for call, parameters in cloud.calls if call == "ssm:SendCommand"]
        assert sent["TimeoutSeconds"] == 90


def test_the_outcome_stands_in_the_tags() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud).check()
        recorded = {key: cloud.tags[key] for key in (names.TAG_OUTCOME, names.TAG_REASON, names.TAG_ARMED)}
        assert recorded == {names.TAG_OUTCOME: "succeeded", names.TAG_REASON: "marker done", names.TAG_ARMED: ""}


def test_a_report_touches_nothing_and_is_told_once() -> None:
    with moto_cloud(on_complete=Action.REPORT) as cloud:
        completed_and_due(cloud).check()
        cloud.check()
        assert cloud.state == "running"
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded"]


def test_a_report_that_the_topic_did_not_take_is_told_by_the_next_check_and_counted_once() -> None:
    with moto_cloud(on_complete=Action.REPORT) as cloud, logged() as log:
        completed_and_due(cloud).faults["sns:Publish"] = PASSING["5xx"]
        cloud.check()
        cloud.faults.clear()
        cloud.check()
        cloud.check()
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded"]
        assert log.measured("Endings") == [1]


def test_two_checks_at_the_same_moment_end_once_and_tell_once() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        second: list[dict[str, Any]] = []
        cloud.faults["s3:ListMultipartUploads"] = lambda: _meanwhile(cloud, second)
        cloud.check()
        assert len(second) == 1
        assert len(cloud.messages()) == 1


def _meanwhile(cloud: Cloud, replies: list[dict[str, Any]]) -> dict[str, Any]:
    del cloud.faults["s3:ListMultipartUploads"]
    replies.append(cloud.check())
    return {}


def test_an_instance_that_was_stopped_by_hand_is_recorded_as_interrupted() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        assert (cloud.check()["decision"], cloud.tags[names.TAG_OUTCOME]) == ("settle", "interrupted")
        assert cloud.switch_name not in cloud.schedules()


def test_what_is_stuck_in_stopping_is_forced() -> None:
    with moto_cloud() as cloud:
        watched(cloud).force_state("stopping", 64, "User initiated (2026-03-02 10:00:00 GMT)")
        cloud.check()
        (forced,) = [parameters for call, parameters in cloud.calls if call == "ec2:StopInstances"]
        assert forced["Force"] is True


# Settings.


def test_wrong_settings_are_refused_and_stop_nothing() -> None:
    with moto_cloud() as cloud:
        event = cloud.event()
        event["settings"]["grace_seconds"] = "soon"
        with pytest.raises(SettingsError, match="grace_seconds: got 'soon'"):
            cloud.handle(event)
        assert cloud.calls == []


def test_settings_of_a_newer_component_are_tolerated_and_reported() -> None:
    with moto_cloud() as cloud:
        event = cloud.event()
        event["settings"]["cool_down_seconds"] = 5
        assert "setting cool_down_seconds is unknown to this monitor: ignored" in cloud.handle(event)["seen"]


# First check.


def test_the_first_check_does_not_keep_up_waiting() -> None:
    with moto_cloud() as cloud:
        began = cloud.clock.now()
        cloud.check("first-check")
        assert cloud.clock.now() == began


def test_the_first_check_says_that_the_instance_is_gone() -> None:
    with moto_cloud() as cloud:
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        with pytest.raises(FirstCheckError, match="is terminated"):
            cloud.check("first-check")


def test_the_first_check_says_that_the_bucket_is_elsewhere() -> None:
    with moto_cloud() as cloud:
        cloud.faults["s3:GetBucketLocation"] = lambda: {"LocationConstraint": "EU"}
        with pytest.raises(FirstCheckError, match="is in eu-west-1, the monitor in us-east-1"):
            cloud.check("first-check")


# Keys, time, telemetry.


@pytest.mark.parametrize("name", ["dönë", "all done", "a+b", "100%", "%41", "emoji-✓"])
def test_unusual_keys_are_found(name: str) -> None:
    with moto_cloud(markers=(name,)) as cloud:
        watched(cloud).put(name)
        assert cloud.check()["reason"].startswith(f"marker {name}")


def test_a_key_with_a_line_break_is_met_by_a_wildcard() -> None:
    with moto_cloud(markers=("line*break",)) as cloud:
        watched(cloud).put("line\nbreak")
        assert cloud.check()["reason"].startswith("marker line\nbreak")


def test_no_call_can_eat_the_invocation() -> None:
    config: Any = aws.CLIENT_CONFIG
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}


def test_metrics_bear_the_monitor_and_never_the_run_as_a_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud).check()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    published = [each for line in lines for each in line["_aws"]["CloudWatchMetrics"]]
    dimensions = {name for each in published for together in each["Dimensions"] for name in together}
    measured = {metric["Name"] for each in published for metric in each["Metrics"]}
    assert dimensions == {"monitor", "service", "outcome"}
    assert {"Checks", "CheckFailures", "Calls", "Endings", "DetectionLatencySeconds", "GraceWaitSeconds"} <= measured
    assert {line["run"] for line in lines} == {RUN}


def test_what_is_measured_of_an_ending_is_how_late_it_was_seen_how_long_grace_took_and_how_late_the_stop_came(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(seconds=40)
        cloud.check()
        cloud.check()
        cloud.pass_time(minutes=4, seconds=30)
        cloud.check()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    seconds = {name: [line[name] for line in lines if name in line] for name in MEASURED}
    assert seconds == dict(zip(MEASURED, ([[40.0]], [[300.0]], [[10.0]]), strict=True))


def test_the_group_of_schedules_holds_nothing_of_other_names() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        assert set(cloud.schedules()) <= {RUN, names.follow_up_name(RUN), cloud.switch_name}
        assert GROUP == "schedules"
