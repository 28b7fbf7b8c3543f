"""The handler on moto: what an audit finds of heartbeats and rights, and what it cannot see."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client

from .audits import audit, delete, flaws, rewrite, second_run, strip
from .cloud.aws_failures import DENIED, error, raiser
from .cloud.moto_cloud import GROUP, RUN, Cloud, Context, moto_cloud
from .handler_paths import completed_and_due, watched
from .log_lines import logged

AT_DEADLINE = "at(2026-03-03T09:10:00)"
QUIET = ["scheduler:ListSchedules", "ec2:DescribeInstances", "ec2:StopInstances", "ec2:TerminateInstances"]


def test_a_heartbeat_that_was_deleted_is_told() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        delete(RUN)
        reply = audit(cloud)
        assert flaws(reply) == [("no-heartbeat", cloud.instance_id, False)]
        assert "pulumi up --refresh" in reply["problems"][0]


def test_the_switch_of_a_run_whose_heartbeat_is_gone_too_is_armed_as_its_tag_tells() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        delete(RUN)
        delete(cloud.switch_name)
        reply = audit(cloud)
        assert flaws(reply) == [("no-heartbeat", cloud.instance_id, False), ("no-switch", cloud.instance_id, True)]
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == AT_DEADLINE


def test_a_run_whose_heartbeat_is_disabled_is_told_and_checked_by_each_audit() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        rewrite(RUN, State="DISABLED")
        reply = audit(cloud)
        assert flaws(reply) == [("heartbeat-disabled", cloud.instance_id, False)]
        assert [(each["run"], each["outcome"]) for each in reply["checks"]] == [(RUN, "succeeded")]
        assert cloud.state == "stopped"


def test_runs_without_a_heartbeat_for_whose_checks_no_time_is_left_are_told_in_the_log() -> None:
    with moto_cloud() as cloud, pytest.MonkeyPatch.context() as patch, logged() as log:
        watched(cloud)
        rewrite(RUN, State="DISABLED")

        def used_up_by_the_last_dry_run(_: Context) -> int:
            return 100_000 if "ec2:TerminateInstances" in cloud.made() else 900_000

        patch.setattr(Context, "get_remaining_time_in_millis", used_up_by_the_last_dry_run)
        audit(cloud)
        (line,) = log.of("audit")
        assert "no time to check 1 runs without a heartbeat" in line["audit"]["problems"]


def _target(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    return {"Target": {**cloud.schedules()[RUN]["Target"], **changes}}


def _input(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    carried = {**cloud.event(), "settings": {**cloud.settings.to_document(), **changes}}
    return _target(cloud, Input=json.dumps(carried))


HEARTBEATS: dict[str, tuple[Callable[[Cloud], dict[str, Any]], bool]] = {
    "rate": (lambda _: {"ScheduleExpression": "rate(365 days)"}, True),
    "window": (lambda _: {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}}, True),
    "end": (lambda cloud: {"EndDate": cloud.clock.now()}, True),
    "role": (lambda cloud: _target(cloud, RoleArn="arn:aws:iam::123456789012:role/gone"), True),
    "target": (lambda cloud: _target(cloud, Arn="arn:aws:lambda:us-east-1:123456789012:function:other"), True),
    "other run": (lambda cloud: _input(cloud, run="other"), False),
    "other monitor": (lambda cloud: _input(cloud, monitor="team/dev/other"), False),
    "no settings": (lambda cloud: _target(cloud, Input="{}"), False),
    "no JSON": (lambda cloud: _target(cloud, Input="x"), False),
    "other trigger": (lambda cloud: _target(cloud, Input=json.dumps({"trigger": "audit"})), False),
}


@pytest.mark.parametrize("how", HEARTBEATS)
@pytest.mark.parametrize("hours", [0, 5])
def test_a_heartbeat_that_was_changed_is_told_and_its_run_checked_where_settings_are_left(how: str, hours: int) -> None:
    change, checked = HEARTBEATS[how]
    with moto_cloud() as cloud:
        watched(cloud)
        rewrite(RUN, **change(cloud))
        cloud.pass_time(hours=hours)
        reply = audit(cloud)
        assert flaws(reply) == [("heartbeat-changed", cloud.instance_id, False)]
        assert [each["run"] for each in reply.get("checks", [])] == ([RUN] if checked else [])


def test_a_heartbeat_that_pulumi_changed_is_no_finding() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        rewrite(RUN, ScheduleExpression="rate(1 minute)", **_input(cloud, max_interval_seconds=60, markers=["ready"]))
        assert audit(cloud)["problems"] == []
        cloud.pass_time(hours=5)
        assert audit(cloud)["problems"] == []


def test_the_changed_heartbeat_of_an_instance_that_ended_is_no_finding() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.check()
        rewrite(RUN, ScheduleExpression="rate(365 days)")
        assert audit(cloud)["problems"] == []


def test_of_two_runs_only_the_one_whose_heartbeat_is_disabled_is_told() -> None:
    with moto_cloud() as cloud:
        other = second_run(cloud)
        watched(cloud)
        rewrite("other", State="DISABLED")
        reply = audit(cloud)
        assert flaws(reply) == [("heartbeat-disabled", other, False)]
        assert [each["run"] for each in reply["checks"]] == ["other"]


@pytest.mark.parametrize("call", ["ec2:StopInstances", "ec2:TerminateInstances"])
def test_rights_that_were_taken_away_are_told_and_nothing_is_ended(call: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults[call] = raiser(error("UnauthorizedOperation", 403))
        reply = audit(cloud)
        assert flaws(reply) == [("ending-denied", cloud.instance_id, False)]
        assert call in reply["problems"][0]
        assert cloud.state == "running"


@pytest.mark.parametrize("code", ["AccessDenied", "AuthFailure", "OptInRequired"])
def test_whatever_ec2_calls_a_denial_is_one(code: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults["ec2:TerminateInstances"] = raiser(error(code, 403))
        assert flaws(audit(cloud)) == [("ending-denied", cloud.instance_id, False)]


def test_a_dry_run_that_fails_hides_no_denial_of_the_other() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults["ec2:StopInstances"] = raiser(error("InternalError", 500))
        cloud.faults["ec2:TerminateInstances"] = raiser(error("UnauthorizedOperation", 403))
        reply = audit(cloud)
        assert flaws(reply) == [("ending-denied", cloud.instance_id, False)]
        assert "rights not proven: ec2:StopInstances" in " ".join(reply["problems"])


def test_a_denial_is_told_without_what_is_for_machines() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        denied: Any = error("UnauthorizedOperation", 403)
        denied.response["Error"]["Message"] = "You are not authorized. Encoded authorization failure message: ABCDEF"
        cloud.faults["ec2:StopInstances"] = raiser(denied)
        (problem,) = audit(cloud)["problems"]
        assert "You are not authorized" in problem
        assert "ABCDEF" not in problem


@pytest.mark.parametrize("code", ["IncorrectInstanceState", "UnsupportedOperation"])
def test_what_ec2_could_not_stop_now_is_no_matter_of_rights(code: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults["ec2:StopInstances"] = raiser(error(code, 400))
        assert audit(cloud)["problems"] == []


def test_a_dry_run_ends_nothing() -> None:
    with moto_cloud() as cloud:
        audit(watched(cloud))
        dry = [parameters["DryRun"] for call, parameters in cloud.calls if call in QUIET[2:]]
        assert (dry, cloud.state) == ([True, True], "running")


@pytest.mark.parametrize("call", ["scheduler:ListSchedules", "ec2:DescribeInstances", "ec2:StopInstances"])
def test_what_cannot_be_seen_is_told_and_not_taken_for_missing(call: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults[call] = DENIED if call != "ec2:StopInstances" else raiser(error("InternalError", 500))
        reply = audit(cloud)
        assert reply["findings"] == []
        assert call in " ".join(reply["problems"])
        assert cloud.switch_name in cloud.schedules()


def test_tags_and_rights_are_audited_also_while_the_scheduler_does_not_answer() -> None:
    with moto_cloud() as cloud:
        strip(watched(cloud).instance_id, names.TAG_RUN)
        cloud.faults["scheduler:ListSchedules"] = DENIED
        assert flaws(audit(cloud)) == [("lost-tags", cloud.instance_id, False)]


def test_one_runs_bad_settings_keep_no_other_run_from_its_audit() -> None:
    with moto_cloud() as cloud:
        other = second_run(cloud)
        watched(cloud)
        target = client("scheduler").get_schedule(GroupName=GROUP, Name="other")["Target"]
        rewrite("other", Target={**target, "Input": "{}"})
        delete(names.deadline_switch_name(other))
        delete(cloud.switch_name)
        reply = audit(cloud)
        assert ("no-switch", cloud.instance_id, True) in flaws(reply)
        assert "settings document refused" in " ".join(reply["problems"])


def test_more_schedules_than_a_page_are_all_read() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        for number in range(130):
            client("scheduler").create_schedule(
                Name=f"run-{number}",
                GroupName=GROUP,
                ScheduleExpression="rate(5 minutes)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={
                    "Arn": "arn:aws:lambda:us-east-1:123456789012:function:monitor",
                    "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
                },
            )
        reply = audit(cloud)
        assert (reply["schedules"], reply["problems"]) == (133, [])
        assert cloud.made().count("scheduler:ListSchedules") == 2
