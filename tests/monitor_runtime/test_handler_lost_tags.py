"""The handler on moto: what an audit, or a check, tells of an instance that lost the tags by which it is found."""

from __future__ import annotations

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client

from .audits import ALL_TAGS, audit, flaws, second_run, strip
from .cloud.aws_failures import error
from .cloud.moto_cloud import BUCKET, MONITOR, PREFIX, RUN, moto_cloud
from .handler_paths import watched


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


def test_the_place_is_named_where_it_is_known() -> None:
    with moto_cloud() as cloud:
        strip(watched(cloud).instance_id, names.TAG_RUN, names.TAG_OUTPUT)
        assert f"Key=runctl:output,Value={BUCKET}/{PREFIX}" in cloud.check()["problems"][0]
