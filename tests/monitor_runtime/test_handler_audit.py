"""The handler on moto: what an audit makes of deadline switches, and how little it costs where all is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client

from .audits import audit, delete, flaws, rewrite
from .cloud.aws_failures import DENIED
from .cloud.moto_cloud import MONITOR, RUN, Cloud, moto_cloud
from .handler_paths import completed_and_due, watched

AT_DEADLINE = "at(2026-03-03T09:10:00)"
QUIET = ["scheduler:ListSchedules", "ec2:DescribeInstances", "ec2:StopInstances", "ec2:TerminateInstances"]


def test_where_all_is_right_an_audit_is_quiet_and_takes_one_call_for_each_page() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        for number in range(5):
            cloud.launch_another(f"other-{number}")
        cloud.pass_time(hours=4)
        reply = audit(cloud)
        assert (reply["decision"], reply["findings"], reply["problems"]) == ("audited", [], [])
        assert (reply["instances"], reply["schedules"]) == (6, 8)
        assert cloud.made() == QUIET


def test_a_switch_or_heartbeat_that_was_just_made_is_read_once() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        reply = audit(cloud)
        assert reply["problems"] == []
        assert sorted(cloud.made()) == sorted([*QUIET, *["scheduler:GetSchedule"] * 2])
        cloud.pass_time(hours=4)
        audit(cloud)
        assert cloud.made() == QUIET


COMPARED = ("ScheduleExpression", "Target", "FlexibleTimeWindow")


def _moved_later(cloud: Cloud) -> None:
    rewrite(cloud.switch_name, ScheduleExpression="at(2027-01-01T00:00:00)")


def _made_to_terminate(cloud: Cloud) -> None:
    target = cloud.schedules()[cloud.switch_name]["Target"]
    arn = "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
    rewrite(cloud.switch_name, Target={**target, "Arn": arn})


def _with_target(**changes: Any) -> Callable[[Cloud], None]:
    """A change of the switch's target; what is None is taken away."""

    def tamper(cloud: Cloud) -> None:
        target = {**cloud.schedules()[cloud.switch_name]["Target"], **changes}
        rewrite(cloud.switch_name, Target={key: value for key, value in target.items() if value is not None})

    return tamper


TAMPERED: dict[str, tuple[Callable[[Cloud], None], str]] = {
    "deleted": (lambda cloud: delete(cloud.switch_name), "no-switch"),
    "disabled": (lambda cloud: rewrite(cloud.switch_name, State="DISABLED"), "switch-disabled"),
    "moved": (_moved_later, "switch-wrong"),
    "terminates": (_made_to_terminate, "switch-wrong"),
    "role": (_with_target(RoleArn="arn:aws:iam::123456789012:role/other"), "switch-wrong"),
    "delivery": (
        _with_target(RetryPolicy={"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}),
        "switch-wrong",
    ),
    "dead letters": (_with_target(DeadLetterConfig=None), "switch-wrong"),
    "window": (
        lambda cloud: rewrite(
            cloud.switch_name, FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
        ),
        "switch-wrong",
    ),
    "zone": (
        lambda cloud: rewrite(cloud.switch_name, ScheduleExpressionTimezone="America/New_York"),
        "switch-wrong",
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_switch_that_somebody_took_away_or_changed_is_told_and_armed_again(how: str) -> None:
    tamper, flaw = TAMPERED[how]
    with moto_cloud() as cloud:
        watched(cloud)
        before = {key: cloud.schedules()[cloud.switch_name][key] for key in COMPARED}
        tamper(cloud)
        reply = audit(cloud)
        assert flaws(reply) == [(flaw, cloud.instance_id, True)]
        assert "armed again" in reply["problems"][0]
        switch = cloud.schedules()[cloud.switch_name]
        assert {key: switch[key] for key in before} == before
        assert (switch.get("State") or "ENABLED") == "ENABLED"
        assert (switch.get("ScheduleExpressionTimezone") or "UTC") == "UTC"


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_armed_again_is_no_finding_of_the_next_audit(how: str) -> None:
    with moto_cloud() as cloud:
        TAMPERED[how][0](watched(cloud))
        audit(cloud)
        cloud.pass_time(hours=1)
        assert audit(cloud)["findings"] == []


def test_a_switch_that_cannot_be_armed_again_is_told_as_such() -> None:
    with moto_cloud() as cloud:
        delete(watched(cloud).switch_name)
        cloud.faults["scheduler:CreateSchedule"] = DENIED
        reply = audit(cloud)
        assert flaws(reply) == [("no-switch", cloud.instance_id, False)]
        assert "scheduler:CreateSchedule" in " ".join(reply["problems"])


def test_a_switch_is_armed_again_as_settings_and_hold_say() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        delete(cloud.switch_name)
        audit(cloud)
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == "at(2026-03-04T09:10:00)"
        assert cloud.tags[names.TAG_ARMED] == f"2026-03-04T09:10:00Z stop by {MONITOR}"


def test_a_switch_of_a_hold_that_was_taken_off_after_the_deadline_is_armed_again_as_its_tag_tells() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.check()
        cloud.pass_time(hours=25)
        cloud.tag(hold_until="")
        _moved_later(cloud)
        assert flaws(audit(cloud)) == [("switch-wrong", cloud.instance_id, True)]
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == "at(2026-03-04T09:10:00)"


def test_a_hold_that_moved_the_switch_is_no_finding() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.check()
        assert audit(cloud)["problems"] == []


def test_a_hold_that_moved_the_switch_while_no_tag_could_be_written_is_no_finding() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=23, minutes=58)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        cloud.faults.clear()
        assert audit(cloud)["findings"] == []
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == "at(2026-03-04T09:10:00)"


def test_a_switch_that_was_due_and_did_not_end_the_run_is_told() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.pass_time(hours=23)
        reply = audit(cloud)
        assert flaws(reply) == [("overdue", cloud.instance_id, False)]


def test_a_run_without_a_deadline_needs_no_switch() -> None:
    with moto_cloud(max_runtime_hours=0.0) as cloud:
        assert audit(watched(cloud))["findings"] == []


def test_a_run_whose_deadline_is_only_reported_needs_no_switch() -> None:
    with moto_cloud(on_deadline=Action.REPORT) as cloud:
        assert audit(watched(cloud))["findings"] == []


def test_an_ended_run_needs_neither_heartbeat_nor_switch() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.check()
        delete(RUN)
        reply = audit(cloud)
        assert (cloud.state, reply["findings"], reply["problems"]) == ("stopped", [], [])


def test_an_instance_that_was_released_a_moment_ago_needs_nothing() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.handle(cloud.event("first-check", tf={"action": "delete"}))
        delete(RUN)
        assert audit(cloud)["findings"] == []


def test_the_changed_switch_of_an_instance_that_was_released_a_moment_ago_is_not_put_right() -> None:
    with moto_cloud() as cloud:
        _moved_later(watched(cloud))
        cloud.tag(released=format_time(cloud.clock.now()))
        assert audit(cloud)["findings"] == []
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == "at(2027-01-01T00:00:00)"


def test_an_instance_that_lives_on_long_after_its_release_is_audited_like_any_other() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.handle(cloud.event("first-check", tf={"action": "delete"}))
        delete(RUN)
        cloud.pass_time(minutes=11)
        assert flaws(audit(cloud)) == [("no-heartbeat", cloud.instance_id, False)]


def test_the_switch_of_an_instance_that_is_gone_is_removed() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        reply = audit(cloud)
        assert (reply["findings"], reply["problems"]) == ([], [])
        assert reply["seen"] == [f"leftover deadline switch of {cloud.instance_id} removed"]
        assert cloud.switch_name not in cloud.schedules()


def test_the_switch_of_an_instance_that_was_moved_to_another_monitor_is_removed() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(monitor="team/dev/other")
        reply = audit(cloud)
        assert reply["findings"] == []
        assert cloud.switch_name not in cloud.schedules()


def test_a_switch_that_was_just_made_is_left_though_ec2_does_not_tell_of_its_instance() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        audit(cloud)
        assert cloud.switch_name in cloud.schedules()
