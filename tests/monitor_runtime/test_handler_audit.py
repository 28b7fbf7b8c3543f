"""The handler on moto: what an audit finds, what it makes good, and how little it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, error, raiser
from .cloud.moto_cloud import BUCKET, GROUP, MONITOR, PREFIX, RUN, Cloud, moto_cloud
from .handler_paths import completed_and_due, watched

AT_DEADLINE = "at(2026-03-03T09:10:00)"
ALL_TAGS = [names.TAG_MONITOR, names.TAG_RUN, names.TAG_SCHEDULE, names.TAG_OUTPUT, names.TAG_ARMED]
ALLOWED = raiser(error("DryRunOperation", 412))
QUIET = ["scheduler:ListSchedules", "ec2:DescribeInstances", "ec2:StopInstances", "ec2:TerminateInstances"]


def _audit(cloud: Cloud) -> dict[str, Any]:
    return cloud.handle({"trigger": "audit"})


def _flaws(reply: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(each["flaw"], each["instance_id"], each["made_good"]) for each in reply["findings"]]


def _strip(instance_id: str, *tags: str) -> None:
    client("ec2").delete_tags(Resources=[instance_id], Tags=[{"Key": tag} for tag in tags])


def _rewrite(name: str, **changes: Any) -> None:
    schedule = client("scheduler").get_schedule(GroupName=GROUP, Name=name)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "ActionAfterCompletion")
    wanted = {key: schedule[key] for key in kept if schedule.get(key)}
    client("scheduler").update_schedule(**{**wanted, **changes})


def _delete(name: str) -> None:
    client("scheduler").delete_schedule(GroupName=GROUP, Name=name)


def _second_run(cloud: Cloud) -> str:
    """The instance of another run of the monitor, past its first check."""
    other, prefix = cloud.launch_another("other"), f"{PREFIX}other/"
    client("ec2").create_tags(Resources=[other], Tags=[{"Key": names.TAG_OUTPUT, "Value": f"{BUCKET}/{prefix}"}])
    settings = {**cloud.settings.to_document(), "run": "other", "prefix": prefix}
    cloud.handle({"trigger": "first-check", "settings": settings})
    return other


def test_where_all_is_right_an_audit_is_quiet_and_takes_one_call_for_each_page() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        for number in range(5):
            cloud.launch_another(f"other-{number}")
        cloud.pass_time(hours=4)
        reply = _audit(cloud)
        assert (reply["decision"], reply["findings"], reply["problems"]) == ("audited", [], [])
        assert (reply["instances"], reply["schedules"]) == (6, 8)
        assert cloud.made() == QUIET


def test_a_switch_that_was_just_made_is_read_once() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        reply = _audit(cloud)
        assert reply["problems"] == []
        assert sorted(cloud.made()) == sorted([*QUIET, "scheduler:GetSchedule"])
        cloud.pass_time(hours=4)
        _audit(cloud)
        assert cloud.made() == QUIET


def _moved_later(cloud: Cloud) -> None:
    _rewrite(cloud.switch_name, ScheduleExpression="at(2027-01-01T00:00:00)")


def _made_to_terminate(cloud: Cloud) -> None:
    target = cloud.schedules()[cloud.switch_name]["Target"]
    arn = "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
    _rewrite(cloud.switch_name, Target={**target, "Arn": arn})


def _given_another_role(cloud: Cloud) -> None:
    target = cloud.schedules()[cloud.switch_name]["Target"]
    _rewrite(cloud.switch_name, Target={**target, "RoleArn": "arn:aws:iam::123456789012:role/other"})


TAMPERED: dict[str, tuple[Callable[[Cloud], None], str]] = {
    "deleted": (lambda cloud: _delete(cloud.switch_name), "no-switch"),
    "disabled": (lambda cloud: _rewrite(cloud.switch_name, State="DISABLED"), "switch-disabled"),
    "moved": (_moved_later, "switch-wrong"),
    "terminates": (_made_to_terminate, "switch-wrong"),
    "role": (_given_another_role, "switch-wrong"),
    "zone": (
        lambda cloud: _rewrite(cloud.switch_name, ScheduleExpressionTimezone="America/New_York"),
        "switch-wrong",
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_switch_that_somebody_took_away_or_changed_is_told_and_armed_again(how: str) -> None:
    tamper, flaw = TAMPERED[how]
    with moto_cloud() as cloud:
        watched(cloud)
        before = {key: cloud.schedules()[cloud.switch_name][key] for key in ("ScheduleExpression", "Target")}
        tamper(cloud)
        reply = _audit(cloud)
        assert _flaws(reply) == [(flaw, cloud.instance_id, True)]
        assert "armed again" in reply["problems"][0]
        switch = cloud.schedules()[cloud.switch_name]
        assert {key: switch[key] for key in before} == before
        assert (switch.get("State") or "ENABLED") == "ENABLED"
        assert (switch.get("ScheduleExpressionTimezone") or "UTC") == "UTC"


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_armed_again_is_no_finding_of_the_next_audit(how: str) -> None:
    with moto_cloud() as cloud:
        TAMPERED[how][0](watched(cloud))
        _audit(cloud)
        cloud.pass_time(hours=1)
        assert _audit(cloud)["findings"] == []


def test_a_switch_that_cannot_be_armed_again_is_told_as_such() -> None:
    with moto_cloud() as cloud:
        _delete(watched(cloud).switch_name)
        cloud.faults["scheduler:CreateSchedule"] = DENIED
        reply = _audit(cloud)
        assert _flaws(reply) == [("no-switch", cloud.instance_id, False)]
        assert "scheduler:CreateSchedule" in " ".join(reply["problems"])


def test_a_switch_is_armed_again_as_settings_and_hold_say() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        _delete(cloud.switch_name)
        _audit(cloud)
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == "at(2026-03-04T09:10:00)"
        assert cloud.tags[names.TAG_ARMED] == f"2026-03-04T09:10:00Z stop by {MONITOR}"


def test_a_hold_that_moved_the_switch_is_no_finding() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.check()
        assert _audit(cloud)["problems"] == []


def test_a_hold_that_moved_the_switch_while_no_tag_could_be_written_is_no_finding() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=23, minutes=58)
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        cloud.faults.clear()
        assert _audit(cloud)["findings"] == []
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == "at(2026-03-04T09:10:00)"


@pytest.mark.parametrize(
    ("lost", "effect"),
    [
        (ALL_TAGS, "neither the monitor nor its deadline switch can end it"),
        ([names.TAG_MONITOR], "neither the monitor nor its deadline switch can end it"),
        ([names.TAG_RUN], "no check finds it"),
        ([names.TAG_OUTPUT], "no event finds its run"),
    ],
    ids=["all", "monitor", "run", "output"],
)
def test_lost_tags_are_told_with_the_command_that_puts_them_back(lost: list[str], effect: str) -> None:
    with moto_cloud() as cloud:
        _strip(watched(cloud).instance_id, *lost)
        reply = _audit(cloud)
        assert _flaws(reply) == [("lost-tags", cloud.instance_id, False)]
        (problem,) = reply["problems"]
        assert effect in problem
        assert f"create-tags --resources {cloud.instance_id}" in problem


@pytest.mark.parametrize("lost", [ALL_TAGS, [names.TAG_MONITOR], [names.TAG_RUN]], ids=["all", "monitor", "run"])
def test_the_next_check_tells_of_an_instance_that_lost_the_tags_by_which_it_is_found(lost: list[str]) -> None:
    with moto_cloud() as cloud:
        _strip(watched(cloud).instance_id, *lost)
        reply = cloud.check()
        (problem,) = reply["problems"]
        assert f"instance {cloud.instance_id} (running) has lost the tags {lost[0]}" in problem
        if names.TAG_RUN in lost:
            assert f"Key=runctl:run,Value={RUN}" in problem


def test_a_check_finds_what_lost_the_monitors_tag_without_a_deadline_switch() -> None:
    with moto_cloud(max_runtime_hours=0.0) as cloud:
        _strip(watched(cloud).instance_id, names.TAG_MONITOR)
        assert "has lost the tags runctl:monitor:" in cloud.check()["problems"][0]
        assert _flaws(_audit(cloud)) == [("lost-tags", cloud.instance_id, False)]


def test_a_check_of_a_run_whose_instance_is_forgotten_is_quiet() -> None:
    with moto_cloud() as cloud:
        _second_run(cloud)
        watched(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        _strip(cloud.instance_id, *ALL_TAGS)
        reply = cloud.check()
        assert (reply["reason"], reply["problems"]) == ("the run has no instance", [])
        assert cloud.made() == ["ec2:DescribeInstances", "scheduler:ListSchedules", "ec2:DescribeInstances"]


def test_an_instance_of_another_run_that_lost_its_monitor_is_not_told_of_in_this_ones_checks() -> None:
    with moto_cloud() as cloud:
        other = _second_run(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        _strip(cloud.instance_id, *ALL_TAGS)
        _strip(other, names.TAG_MONITOR)
        assert cloud.check()["problems"] == []
        assert _flaws(_audit(cloud)) == [("lost-tags", other, False)]


def test_a_heartbeat_that_was_deleted_is_told() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _delete(RUN)
        reply = _audit(cloud)
        assert _flaws(reply) == [("no-heartbeat", cloud.instance_id, False)]
        assert "pulumi up --refresh" in reply["problems"][0]


def test_the_switch_of_a_run_whose_heartbeat_is_gone_too_is_armed_as_its_tag_tells() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _delete(RUN)
        _delete(cloud.switch_name)
        reply = _audit(cloud)
        assert _flaws(reply) == [("no-heartbeat", cloud.instance_id, False), ("no-switch", cloud.instance_id, True)]
        assert cloud.schedules()[cloud.switch_name]["ScheduleExpression"] == AT_DEADLINE


def test_a_run_whose_heartbeat_is_disabled_is_told_and_checked_by_each_audit() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        _rewrite(RUN, State="DISABLED")
        reply = _audit(cloud)
        assert _flaws(reply) == [("heartbeat-disabled", cloud.instance_id, False)]
        assert [(each["run"], each["outcome"]) for each in reply["checks"]] == [(RUN, "succeeded")]
        assert cloud.state == "stopped"


def test_of_two_runs_only_the_one_whose_heartbeat_is_disabled_is_told() -> None:
    with moto_cloud() as cloud:
        other = _second_run(cloud)
        watched(cloud)
        _rewrite("other", State="DISABLED")
        reply = _audit(cloud)
        assert _flaws(reply) == [("heartbeat-disabled", other, False)]
        assert [each["run"] for each in reply["checks"]] == ["other"]


@pytest.mark.parametrize("call", ["ec2:StopInstances", "ec2:TerminateInstances"])
def test_rights_that_were_taken_away_are_told_and_nothing_is_ended(call: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults[call] = raiser(error("UnauthorizedOperation", 403))
        reply = _audit(cloud)
        assert _flaws(reply) == [("ending-denied", cloud.instance_id, False)]
        assert call in reply["problems"][0]
        assert cloud.state == "running"


def test_a_dry_run_ends_nothing() -> None:
    with moto_cloud() as cloud:
        _audit(watched(cloud))
        dry = [parameters["DryRun"] for call, parameters in cloud.calls if call in QUIET[2:]]
        assert (dry, cloud.state) == ([True, True], "running")


def test_a_switch_that_was_due_and_did_not_end_the_run_is_told() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.pass_time(hours=23)
        reply = _audit(cloud)
        assert _flaws(reply) == [("overdue", cloud.instance_id, False)]


def test_a_run_without_a_deadline_needs_no_switch() -> None:
    with moto_cloud(max_runtime_hours=0.0) as cloud:
        assert _audit(watched(cloud))["findings"] == []


def test_a_run_whose_deadline_is_only_reported_needs_no_switch() -> None:
    with moto_cloud(on_deadline=Action.REPORT) as cloud:
        assert _audit(watched(cloud))["findings"] == []


def test_an_ended_run_needs_neither_heartbeat_nor_switch() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.check()
        _delete(RUN)
        reply = _audit(cloud)
        assert (cloud.state, reply["findings"], reply["problems"]) == ("stopped", [], [])


def test_an_instance_that_was_released_a_moment_ago_needs_nothing() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.handle(cloud.event("first-check", tf={"action": "delete"}))
        _delete(RUN)
        assert _audit(cloud)["findings"] == []


def test_an_instance_that_lives_on_long_after_its_release_is_audited_like_any_other() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.handle(cloud.event("first-check", tf={"action": "delete"}))
        _delete(RUN)
        cloud.pass_time(minutes=11)
        assert _flaws(_audit(cloud)) == [("no-heartbeat", cloud.instance_id, False)]


def test_the_switch_of_an_instance_that_is_gone_is_removed() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        reply = _audit(cloud)
        assert (reply["findings"], reply["problems"]) == ([], [])
        assert reply["seen"] == [f"leftover deadline switch of {cloud.instance_id} removed"]
        assert cloud.switch_name not in cloud.schedules()


def test_the_switch_of_an_instance_that_was_moved_to_another_monitor_is_removed() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(monitor="team/dev/other")
        reply = _audit(cloud)
        assert reply["findings"] == []
        assert cloud.switch_name not in cloud.schedules()


def test_a_switch_that_was_just_made_is_left_though_ec2_does_not_tell_of_its_instance() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        _audit(cloud)
        assert cloud.switch_name in cloud.schedules()


@pytest.mark.parametrize("call", ["scheduler:ListSchedules", "ec2:DescribeInstances", "ec2:StopInstances"])
def test_what_cannot_be_seen_is_told_and_not_taken_for_missing(call: str) -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults[call] = DENIED if call != "ec2:StopInstances" else raiser(error("InternalError", 500))
        reply = _audit(cloud)
        assert reply["findings"] == []
        assert call in " ".join(reply["problems"])
        assert cloud.switch_name in cloud.schedules()


def test_tags_and_rights_are_audited_also_while_the_scheduler_does_not_answer() -> None:
    with moto_cloud() as cloud:
        _strip(watched(cloud).instance_id, names.TAG_RUN)
        cloud.faults["scheduler:ListSchedules"] = DENIED
        assert _flaws(_audit(cloud)) == [("lost-tags", cloud.instance_id, False)]


def test_a_run_that_ends_between_the_two_looks_is_no_finding() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _delete(cloud.switch_name)

        def ended() -> object:
            cloud.faults.clear()
            client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
            raise error("ResourceNotFoundException", 404)

        cloud.faults["scheduler:GetSchedule"] = ended
        assert _audit(cloud)["findings"] == []
        assert cloud.switch_name not in cloud.schedules()


def test_one_runs_bad_settings_keep_no_other_run_from_its_audit() -> None:
    with moto_cloud() as cloud:
        other = _second_run(cloud)
        watched(cloud)
        target = client("scheduler").get_schedule(GroupName=GROUP, Name="other")["Target"]
        _rewrite("other", Target={**target, "Input": "{}"})
        _delete(names.deadline_switch_name(other))
        _delete(cloud.switch_name)
        reply = _audit(cloud)
        assert ("no-switch", cloud.instance_id, True) in _flaws(reply)
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
        reply = _audit(cloud)
        assert (reply["schedules"], reply["problems"]) == (133, [])
        assert cloud.made().count("scheduler:ListSchedules") == 2


def test_the_place_is_named_where_it_is_known() -> None:
    with moto_cloud() as cloud:
        _strip(watched(cloud).instance_id, *ALL_TAGS)
        assert f"Key=runctl:output,Value={BUCKET}/{PREFIX}" in cloud.check()["problems"][0]
