"""What a reader of the log finds: of every event what became of it, with its request, its run and its time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import SettingsError
from monitor_runtime.contract.triggers import TriggerError
from monitor_runtime.handler import handler
from monitor_runtime.observe.first_check import FirstCheckError
from monitor_runtime.telemetry import MAX_CHARACTERS
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import GROUP, RUN, Cloud, Context, moto_cloud
from .handler_paths import PATHS, S3_EVENT, completed_and_due, watched
from .log_lines import logged

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
REMOVAL = {"tf": {"action": "delete"}}


# Every line.


@pytest.mark.parametrize("name", PATHS)
def test_every_line_of_every_path_has_the_request_and_the_run(name: str) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        cloud.faults["s3:GetBucketNotificationConfiguration"] = lambda: {"EventBridgeConfiguration": {}}
        path.prepare(cloud)
        with logged() as log:
            cloud.handle(path.event(cloud))
        assert {line["function_request_id"] for line in log.everything} == {Context.aws_request_id}
        assert {line.get("run", RUN) for line in log.everything} == {RUN}


def test_a_line_of_the_log_has_its_time_in_rfc_3339_and_its_level_as_lambda_reads_them() -> None:
    with moto_cloud() as cloud, logged() as log:
        cloud.check("first-check")
        (line,) = log.lines
        assert RFC_3339.fullmatch(line["timestamp"])
        assert datetime.fromisoformat(line["timestamp"]) == cloud.clock.now()
        assert line["level"] == "INFO"


def test_nothing_of_an_invocation_is_left_in_the_lines_of_the_next() -> None:
    with moto_cloud() as cloud, logged() as log:
        watched(cloud)
        handler(S3_EVENT | {"detail": {"bucket": {"name": "x"}, "object": {"key": "y"}}}, Context(aws_request_id="2"))
        assert [(line["function_request_id"], line.get("run")) for line in log.lines] == [
            (Context.aws_request_id, RUN),
            ("2", None),
        ]


@pytest.mark.parametrize(
    ("event", "error"), [({}, TriggerError), ({"trigger": "heartbeat", "settings": {"run": RUN}}, SettingsError)]
)
def test_an_event_that_is_refused_has_its_line(event: dict[str, Any], error: type[Exception]) -> None:
    with moto_cloud() as cloud, logged() as log:
        with pytest.raises(error):
            cloud.handle(event)
        (line,) = log.lines
        assert (line["level"], line["message"], line["exception_name"]) == ("ERROR", "check failed", error.__name__)
        assert line["event"] == event
        assert line.get("run") == event.get("settings", {}).get("run")


def test_a_large_event_is_logged_in_part() -> None:
    with moto_cloud() as cloud, logged() as log:
        event = cloud.event(note="x" * 200_000)
        event["settings"]["markers"] = [f"done *{number} {'y' * 300}" for number in range(50)]
        with pytest.raises(SettingsError):
            cloud.handle(event)
        (line,) = log.lines
        assert line["run"] == RUN
        assert len(str(line)) < 4 * MAX_CHARACTERS


def test_the_line_of_an_error_says_where_it_came_from() -> None:
    with moto_cloud() as cloud, logged() as log:
        completed_and_due(cloud).faults["ec2:StopInstances"] = DENIED
        with pytest.raises(EndingFailedError):
            cloud.check()
        line = log.lines[-1]
        assert line["error"].startswith("stop failed (succeeded: marker done): ec2:StopInstances: AccessDenied")
        assert "Traceback" in line["exception"]


# Nothing is lost in silence.


def test_an_event_that_is_ignored_has_its_line_and_its_calls_are_counted() -> None:
    with moto_cloud() as cloud, logged() as log:
        cloud.tag(monitor="team/prod/other")
        reply = cloud.handle(S3_EVENT)
        (line,) = log.of("ignored")
        assert (line["level"], line["trigger"], line["reason"]) == ("INFO", "s3-event", reply["reasons"][0])
        assert log.measured("Calls") == [sum(reply["calls"].values())]


def test_a_spot_warning_for_an_unknown_instance_has_its_line() -> None:
    with moto_cloud() as cloud, logged() as log:
        detail = {"instance-id": "i-00000000000000000"}
        cloud.handle({"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning", "detail": detail})
        (line,) = log.of("ignored")
        assert (line["trigger"], line["reason"]) == ("spot-warning", "no instance for i-00000000000000000")


def test_a_follow_up_that_is_ignored_has_its_line_and_its_calls_are_counted() -> None:
    with moto_cloud() as cloud:
        _stopped_without_schedule(cloud)
        with logged() as log:
            reply = cloud.check("follow-up")
        (line,) = log.of("ignored")
        assert (line["run"], line["trigger"], line["reason"]) == (RUN, "follow-up", reply["reason"])
        assert log.measured("Calls") == [1, 1]


def _stopped_without_schedule(cloud: Cloud) -> None:
    watched(cloud)
    client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
    client("scheduler").delete_schedule(GroupName=GROUP, Name=RUN)


def test_a_removal_has_its_line() -> None:
    with moto_cloud() as cloud, logged() as log:
        cloud.handle(cloud.event("first-check", **REMOVAL))
        (line,) = log.lines
        assert (line["level"], line["message"], line["run"]) == ("INFO", "released", RUN)
        assert (line["instances"], line["problems"]) == ([cloud.instance_id], [])


def test_what_goes_wrong_with_a_removal_is_in_its_line() -> None:
    with moto_cloud() as cloud, logged() as log:
        cloud.faults["scheduler:DeleteSchedule"] = DENIED
        reply = cloud.handle(cloud.event("first-check", **REMOVAL))
        (line,) = log.lines
        assert line["level"] == "WARNING"
        assert line["problems"] == reply["problems"] != []


def test_a_removal_whose_settings_name_no_run_says_that_it_did_nothing() -> None:
    with moto_cloud() as cloud, logged() as log:
        cloud.handle({"trigger": "first-check", "settings": {}, **REMOVAL})
        (line,) = log.lines
        assert line["problems"] == ["the settings name no run: nothing was released"]


@pytest.mark.parametrize("action", [Action.STOP, Action.TERMINATE])
def test_a_check_whose_ending_failed_is_a_warning_with_its_cause(action: Action) -> None:
    with moto_cloud(on_complete=action) as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:StopInstances"] = cloud.faults["ec2:TerminateInstances"] = DENIED
        with logged() as log, pytest.raises(EndingFailedError) as raised:
            cloud.check()
        (line,) = log.of("check")
        assert (line["level"], line["check"]["problems"]) == ("WARNING", [str(raised.value)])


def test_a_stop_that_had_to_be_forced_is_a_warning_with_its_cause() -> None:
    with moto_cloud() as cloud:
        watched(cloud).force_state("stopping", 64, "User initiated (2026-03-02 10:00:00 GMT)")
        with logged() as log:
            cloud.check()
        (line,) = log.of("check")
        problems = ["stopping since 2026-03-02T10:00:00Z: the stop was forced"]
        assert (line["level"], line["check"]["problems"]) == ("WARNING", problems)


def test_calls_are_counted_once_for_an_invocation_that_checks_two_runs() -> None:
    with moto_cloud() as cloud:
        watched(cloud).launch_another("other")
        with logged() as log:
            reply = cloud.handle(S3_EVENT)
        assert len(log.of("check")) == 2
        assert sum(log.measured("Calls")) == sum(reply["calls"].values()) == len(cloud.calls)


def test_calls_of_a_first_check_that_fails_are_counted() -> None:
    with moto_cloud() as cloud, logged() as log:
        cloud.faults["s3:ListObjectsV2"] = DENIED
        with pytest.raises(FirstCheckError):
            cloud.check("first-check")
        assert sum(log.measured("Calls")) == len(cloud.calls)


# What alarms read.


@pytest.mark.parametrize("fault", [DENIED, PASSING["throttled"]])
def test_instances_that_cannot_be_seen_are_measured_by_themselves(fault: Any) -> None:
    with moto_cloud() as cloud:
        watched(cloud).faults["ec2:DescribeInstances"] = fault
        with logged() as log:
            cloud.check()
        assert (log.measured("InstancesUnseen"), log.measured("CheckFailures")) == ([1], [0])


def test_a_source_that_fails_is_a_failed_check_and_no_unseen_instance() -> None:
    with moto_cloud() as cloud:
        watched(cloud).faults["s3:ListObjectsV2"] = DENIED
        with logged() as log:
            cloud.check()
        assert (log.measured("InstancesUnseen"), log.measured("CheckFailures")) == ([], [1])


def test_an_ending_that_fails_is_measured_by_itself_as_long_as_it_does() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud).faults["ec2:StopInstances"] = DENIED
        with logged() as log:
            for _ in range(3):
                with pytest.raises(EndingFailedError):
                    cloud.check()
            assert cloud.check()["decision"] == "refused"
        assert (log.measured("EndingFailures"), log.measured("CheckFailures")) == ([1] * 4, [0] * 4)
