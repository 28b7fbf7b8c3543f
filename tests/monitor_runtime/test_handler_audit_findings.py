"""The handler on moto: what an audit, or a check, finds of tags, heartbeats and rights, and what it cannot see."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client

from .audits import ALL_TAGS, audit, delete, flaws, rewrite, second_run, strip
from .cloud.aws_failures import DENIED, error, raiser
from .cloud.moto_cloud import BUCKET, GROUP, MONITOR, PREFIX, RUN, Context, moto_cloud
from .handler_paths import completed_and_due, watched
from .log_lines import logged

AT_DEADLINE = "at(2026-03-03T09:10:00)"
QUIET = ["scheduler:ListSchedules", "ec2:DescribeInstances", "ec2:StopInstances", "ec2:TerminateInstances"]


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
        strip(watched(cloud).instance_id, *lost)
        reply = audit(cloud)
        assert flaws(reply) == [("lost-tags", cloud.instance_id, False)]
        (problem,) = reply["problems"]
        assert effect in problem
        assert f"create-tags --resources {cloud.instance_id}" in problem


@pytest.mark.parametrize(
    ("tag", "value"),
    [(names.TAG_MONITOR, ""), (names.TAG_MONITOR, MONITOR.upper()), (names.TAG_RUN, "")],
    ids=["monitor emptied", "monitor in capitals", "run emptied"],
)
@pytest.mark.parametrize("max_runtime_hours", [24.0, 0.0])
def test_a_tag_that_was_emptied_or_only_changed_in_case_is_a_lost_tag(
    tag: str, value: str, max_runtime_hours: float
) -> None:
    with moto_cloud(max_runtime_hours=max_runtime_hours) as cloud:
        watched(cloud)
        client("ec2").create_tags(Resources=[cloud.instance_id], Tags=[{"Key": tag, "Value": value}])
        before = set(cloud.schedules())
        for _ in range(2):
            assert f"has lost the tags {tag}:" in cloud.check()["problems"][0]
            assert flaws(audit(cloud)) == [("lost-tags", cloud.instance_id, False)]
            cloud.pass_time(hours=2)
        assert set(cloud.schedules()) == before


@pytest.mark.parametrize("lost", [ALL_TAGS, [names.TAG_MONITOR], [names.TAG_RUN]], ids=["all", "monitor", "run"])
def test_the_next_check_tells_of_an_instance_that_lost_the_tags_by_which_it_is_found(lost: list[str]) -> None:
    with moto_cloud() as cloud:
        strip(watched(cloud).instance_id, *lost)
        reply = cloud.check()
        (problem,) = reply["problems"]
        assert f"instance {cloud.instance_id} (running) has lost the tags {lost[0]}" in problem
        if names.TAG_RUN in lost:
            assert f"Key=runctl:run,Value={'RUN' if lost is ALL_TAGS else RUN}" in problem


def test_a_check_finds_what_lost_the_monitors_tag_without_a_deadline_switch() -> None:
    with moto_cloud(max_runtime_hours=0.0) as cloud:
        strip(watched(cloud).instance_id, names.TAG_MONITOR)
        assert "has lost the tags runctl:monitor:" in cloud.check()["problems"][0]
        assert flaws(audit(cloud)) == [("lost-tags", cloud.instance_id, False)]


def test_a_check_of_a_run_whose_instance_is_forgotten_is_quiet() -> None:
    with moto_cloud() as cloud:
        second_run(cloud)
        watched(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        strip(cloud.instance_id, *ALL_TAGS)
        reply = cloud.check()
        assert (reply["reason"], reply["problems"]) == ("the run has no instance", [])
        assert cloud.made() == ["ec2:DescribeInstances", "scheduler:ListSchedules", *["ec2:DescribeInstances"] * 2]


@pytest.mark.parametrize(
    "lost", [[names.TAG_MONITOR], [names.TAG_RUN], [names.TAG_MONITOR, names.TAG_RUN]], ids=["monitor", "run", "both"]
)
def test_an_instance_of_another_run_that_lost_its_tags_is_not_told_of_in_this_ones_checks(lost: list[str]) -> None:
    with moto_cloud() as cloud:
        other = second_run(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        strip(cloud.instance_id, *ALL_TAGS)
        strip(other, *lost)
        assert cloud.check()["problems"] == []
        assert flaws(audit(cloud)) == [("lost-tags", other, False)]


def test_nothing_is_advised_for_certain_where_no_tag_is_left_that_says_whose_an_instance_is() -> None:
    with moto_cloud() as cloud:
        other = second_run(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        strip(cloud.instance_id, *ALL_TAGS)
        strip(other, *ALL_TAGS)
        (problem,) = cloud.check()["problems"]
        assert f"instance {other} (running) has lost the tags" in problem
        assert "Value=RUN" in problem
        assert "Value=BUCKET/PREFIX" in problem


@pytest.mark.parametrize(
    "lost",
    [
        [names.TAG_MONITOR, names.TAG_RUN],
        [names.TAG_MONITOR, names.TAG_RUN, names.TAG_SCHEDULE],
        [names.TAG_RUN],
    ],
)
def test_without_a_deadline_switch_a_check_finds_what_lost_its_tags_by_its_place(lost: list[str]) -> None:
    with moto_cloud(max_runtime_hours=0.0) as cloud:
        strip(watched(cloud).instance_id, *lost)
        (problem,) = cloud.check()["problems"]
        assert f"instance {cloud.instance_id} (running) has lost the tags {', '.join(lost)}:" in problem
        assert f"Key=runctl:run,Value={RUN}" in problem


def test_without_a_deadline_switch_an_audit_finds_what_lost_its_tags_by_its_schedule() -> None:
    with moto_cloud(max_runtime_hours=0.0) as cloud:
        strip(watched(cloud).instance_id, names.TAG_MONITOR, names.TAG_RUN, names.TAG_OUTPUT)
        assert flaws(audit(cloud)) == [("lost-tags", cloud.instance_id, False)]


@pytest.mark.parametrize("instances", [1, 2])
def test_that_instances_without_their_tags_could_not_be_looked_for_is_told(instances: int) -> None:
    with moto_cloud() as cloud:
        strip(watched(cloud).instance_id, names.TAG_RUN)
        describe = client("ec2").describe_instances

        def fails_later() -> object:
            if cloud.made().count("ec2:DescribeInstances") > instances:
                raise error("InternalError", 500)
            return describe(Filters=cloud.calls[-1][1]["Filters"])

        cloud.faults["ec2:DescribeInstances"] = fails_later
        assert "not looked for instances that lost their tags" in cloud.check()["problems"][0]


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


def test_the_place_is_named_where_it_is_known() -> None:
    with moto_cloud() as cloud:
        strip(watched(cloud).instance_id, names.TAG_RUN, names.TAG_OUTPUT)
        assert f"Key=runctl:output,Value={BUCKET}/{PREFIX}" in cloud.check()["problems"][0]
