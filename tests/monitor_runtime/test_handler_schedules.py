"""The handler on moto: the schedules that it makes, moves and removes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING
from .cloud.moto_cloud import GROUP, MONITOR, RUN, moto_cloud
from .handler_paths import completed_and_due, watched

SPOT_WARNING = {"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning"}


def test_the_deadline_switch_calls_ec2_itself_ten_minutes_after_the_deadline() -> None:
    with moto_cloud(max_runtime_hours=10.0, on_deadline=Action.TERMINATE) as cloud:
        cloud.check("first-check")
        switch = cloud.schedules()[cloud.switch_name]
        assert switch["ScheduleExpression"] == "at(2026-03-02T19:10:00)"
        assert switch["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
        assert json.loads(switch["Target"]["Input"]) == {"InstanceIds": [cloud.instance_id]}


def test_the_switch_is_armed_once() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.check()
        armed = [each for each in cloud.calls if each[1].get("Name") == cloud.switch_name]
        assert armed == []


def test_another_first_check_of_the_same_instance_arms_the_switch_again() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        client("scheduler").delete_schedule(GroupName=GROUP, Name=cloud.switch_name)
        cloud.check("first-check")
        assert cloud.switch_name in cloud.schedules()


@pytest.mark.parametrize("change", [{"max_runtime_hours": 0.0}, {"on_deadline": Action.REPORT}])
def test_a_deadline_that_is_taken_back_takes_its_switch_with_it(change: dict[str, Any]) -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.declare(**change)
        cloud.check()
        assert cloud.switch_name not in cloud.schedules()
        assert cloud.tags[names.TAG_ARMED] == ""


def test_a_changed_deadline_moves_the_switch() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.declare(max_runtime_hours=72.0, on_deadline=Action.TERMINATE)
        cloud.check()
        switch = cloud.schedules()[cloud.switch_name]
        assert switch["ScheduleExpression"] == "at(2026-03-05T09:10:00)"
        assert switch["Target"]["Arn"].endswith(":terminateInstances")


def test_a_switch_that_could_not_be_taken_away_is_taken_away_by_the_next_check() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.declare(max_runtime_hours=0.0)
        cloud.faults["scheduler:DeleteSchedule"] = PASSING["5xx"]
        cloud.check()
        cloud.faults.clear()
        cloud.check()
        assert cloud.switch_name not in cloud.schedules()


def test_a_follow_up_counts_on_what_was_declared_since_it_was_made() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.check()
        made = json.loads(cloud.schedules()[names.follow_up_name(RUN)]["Target"]["Input"])
        cloud.declare(grace_seconds=3600)
        cloud.pass_time(minutes=6)
        reply = cloud.handle(made)
        assert (reply["decision"], cloud.state) == ("wait", "running")


def test_a_switch_that_aws_did_not_confirm_is_made_again() -> None:
    with moto_cloud() as cloud:
        cloud.faults["scheduler:CreateSchedule"] = PASSING["5xx"]
        cloud.check()
        assert cloud.tags[names.TAG_ARMED].endswith(" unsure")
        cloud.faults.clear()
        cloud.check()
        assert cloud.tags[names.TAG_ARMED] == f"2026-03-03T09:10:00Z stop by {MONITOR}"
        assert cloud.switch_name in cloud.schedules()


def test_a_switch_whose_removal_aws_did_not_confirm_is_made_again_for_the_next_launch() -> None:
    with moto_cloud(max_runtime_hours=3) as cloud:
        cloud.tag(hold_until="2026-03-02T20:00:00Z")
        watched(cloud)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.faults["scheduler:DeleteSchedule"] = PASSING["5xx"]
        cloud.check()
        assert cloud.tags[names.TAG_ARMED] == f"2026-03-02T20:10:00Z stop by {MONITOR} unsure"
        client("scheduler").delete_schedule(GroupName=GROUP, Name=cloud.switch_name)
        client("ec2").start_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        assert cloud.switch_name in cloud.schedules()


def test_a_hold_moves_the_switch_along() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.check()
        switch = cloud.schedules()[cloud.switch_name]
        assert switch["ScheduleExpression"] == "at(2026-03-04T09:10:00)"


def test_a_follow_up_is_moved_when_the_outlook_changes() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        before = cloud.schedules()[names.follow_up_name(RUN)]["ScheduleExpression"]
        cloud.put("done")
        cloud.check("first-check")
        after = cloud.schedules()[names.follow_up_name(RUN)]
        assert (before, after["ScheduleExpression"]) == ("at(2026-03-02T09:00:15)", "at(2026-03-02T09:04:00)")
        assert after["ActionAfterCompletion"] == "DELETE"


def test_a_check_that_is_due_in_under_a_minute_is_waited_for() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=4, seconds=10)
        began = cloud.clock.now()
        reply = cloud.check("follow-up")
        assert reply["decision"] == "end"
        assert (cloud.clock.now() - began).total_seconds() == 50


def test_a_switch_that_no_tag_records_is_removed_at_the_ending() -> None:
    with moto_cloud() as cloud:
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        cloud.faults.clear()
        cloud.tag(armed="")
        cloud.put("done")
        cloud.pass_time(minutes=6)
        cloud.check()
        assert (cloud.state, cloud.switch_name in cloud.schedules()) == ("stopped", False)


def test_a_spot_warning_leaves_the_switch_and_looks_again_in_five_minutes() -> None:
    with moto_cloud() as cloud:
        watched(cloud).handle(SPOT_WARNING | {"detail": {"instance-id": cloud.instance_id}})
        schedules = cloud.schedules()
        assert cloud.switch_name in schedules
        assert schedules[names.follow_up_name(RUN)]["ScheduleExpression"] == "at(2026-03-02T11:05:00)"
        cloud.pass_time(minutes=5)
        assert cloud.check("follow-up")["decision"] == "wait"


def test_an_interruption_remembers_a_switch_that_no_tag_records() -> None:
    with moto_cloud() as cloud:
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        cloud.faults.clear()
        cloud.handle(SPOT_WARNING | {"detail": {"instance-id": cloud.instance_id}})
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        assert cloud.switch_name not in cloud.schedules()


def test_a_run_that_was_reported_is_looked_at_again_at_its_deadline() -> None:
    with moto_cloud(on_complete=Action.REPORT, max_runtime_hours=3.0, max_interval_seconds=3600) as cloud:
        completed_and_due(cloud).check()
        follow_up = cloud.schedules()[names.follow_up_name(RUN)]
        assert follow_up["ScheduleExpression"] == "at(2026-03-02T11:59:00)"


def test_removing_the_run_removes_its_schedules_and_never_fails() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        forgotten = cloud.handle(cloud.event("first-check", tf={"action": "delete", "prev_input": "{}"}))
        assert (forgotten["decision"], list(cloud.schedules())) == ("released", [RUN])
        assert cloud.tags[names.TAG_ARMED] == ""
