"""The handler on moto: the schedules that it makes, moves and removes."""

from __future__ import annotations

import json

from monitor_runtime import names
from monitor_runtime.settings import Action
from sandbox.boto import client

from .aws_failures import PASSING
from .handler_paths import watched
from .moto_cloud import GROUP, RUN, moto_cloud


def test_the_deadline_switch_calls_ec2_itself_ten_minutes_after_the_deadline() -> None:
    with moto_cloud(max_runtime_hours=10.0, on_deadline=Action.TERMINATE) as cloud:
        cloud.check("first-check")
        switch = cloud.schedules()[names.deadline_switch_name(RUN)]
        assert switch["ScheduleExpression"] == "at(2026-03-02T19:10:00)"
        assert switch["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
        assert json.loads(switch["Target"]["Input"]) == {"InstanceIds": [cloud.instance_id]}


def test_the_switch_is_armed_once() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.check("first-check")
        armed = [each for each in cloud.calls if each[1].get("Name") == names.deadline_switch_name(RUN)]
        assert armed == []


def test_a_switch_that_aws_did_not_confirm_is_made_again() -> None:
    with moto_cloud() as cloud:
        cloud.faults["scheduler:CreateSchedule"] = PASSING["5xx"]
        cloud.check()
        assert cloud.tags[names.TAG_ARMED].endswith(" unsure")
        cloud.faults.clear()
        cloud.check()
        assert cloud.tags[names.TAG_ARMED] == "2026-03-03T09:10:00Z"
        assert names.deadline_switch_name(RUN) in cloud.schedules()


def test_a_switch_whose_removal_aws_did_not_confirm_is_made_again_for_the_next_launch() -> None:
    with moto_cloud(max_runtime_hours=3) as cloud:
        cloud.tag(hold_until="2026-03-02T20:00:00Z")
        watched(cloud)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.faults["scheduler:DeleteSchedule"] = PASSING["5xx"]
        cloud.check()
        assert cloud.tags[names.TAG_ARMED] == "2026-03-02T20:10:00Z unsure"
        client("scheduler").delete_schedule(GroupName=GROUP, Name=names.deadline_switch_name(RUN))
        client("ec2").start_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        assert names.deadline_switch_name(RUN) in cloud.schedules()


def test_a_hold_moves_the_switch_along() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.tag(hold_until="2026-03-04T09:00:00Z")
        cloud.check()
        switch = cloud.schedules()[names.deadline_switch_name(RUN)]
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


def test_removing_the_run_removes_its_schedules_and_never_fails() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        forgotten = cloud.handle(cloud.event("first-check", tf={"action": "delete", "prev_input": "{}"}))
        assert (forgotten["decision"], list(cloud.schedules())) == ("forgotten", [RUN])
