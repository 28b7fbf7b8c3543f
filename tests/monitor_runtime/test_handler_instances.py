"""The handler on moto: a run is its tags, whatever instances bear them, while Pulumi replaces or removes one."""

from __future__ import annotations

import json

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract import names
from monitor_runtime.observe.first_check import FirstCheckError
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED
from .cloud.moto_cloud import RUN, Cloud, moto_cloud
from .handler_paths import completed_and_due, watched
from .log_lines import logged


def _release(cloud: Cloud) -> None:
    """What ``pulumi up`` does first with the old instance: its first check is deleted."""
    cloud.handle(cloud.event("first-check", tf={"action": "delete"}))


def _replace(cloud: Cloud) -> str:
    """Another instance in place of the run's; the old one's id."""
    old = cloud.instance_id
    _release(cloud)
    client("ec2").terminate_instances(InstanceIds=[old])
    cloud.pass_time(minutes=2)
    cloud.instance_id = cloud.launch_another()
    return old


def test_a_run_without_an_instance_is_over_for_now() -> None:
    with moto_cloud() as cloud:
        cloud.tag(run="another")
        reply = cloud.check()
        assert (reply["decision"], reply["reason"], reply["instance"]) == ("over", "the run has no instance", None)
        assert cloud.made() == ["ec2:DescribeInstances", "scheduler:ListSchedules", "ec2:DescribeInstances"]


def test_an_instance_of_the_same_run_under_another_monitor_is_not_the_runs() -> None:
    with moto_cloud() as cloud:
        cloud.tag(monitor="team/prod/other")
        assert cloud.check()["reason"] == "the run has no instance"


def test_the_new_instance_is_watched_from_its_first_second() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _replace(cloud)
        reply = cloud.check()
        assert (reply["instance"]["id"], reply["decision"]) == (cloud.instance_id, "wait")
        assert cloud.switch_name in cloud.schedules()


@pytest.mark.parametrize("trigger", ["heartbeat", "follow-up"])
def test_a_late_trigger_of_the_replaced_instance_does_no_harm_to_the_new_one(trigger: str) -> None:
    with moto_cloud() as cloud:
        late = watched(cloud).event(trigger)
        _replace(cloud)
        cloud.check("first-check")
        before = cloud.schedules()
        cloud.pass_time(seconds=20)
        reply = cloud.handle(late)
        assert (reply["instance"]["id"], reply["outcome"]) == (cloud.instance_id, None)
        after = cloud.schedules()
        assert set(after) == set(before)
        assert after[cloud.switch_name]["ScheduleExpression"] == before[cloud.switch_name]["ScheduleExpression"]
        assert cloud.messages() == []


def test_a_release_leaves_nothing_but_the_heartbeat() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        _release(cloud)
        assert list(cloud.schedules()) == [RUN]
        assert cloud.tags[names.TAG_RELEASED] == "2026-03-02T09:00:00Z"


def test_a_check_between_the_release_and_the_removal_makes_nothing_that_outlives_the_instance() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _release(cloud)
        cloud.pass_time(seconds=30)
        cloud.check()
        assert cloud.switch_name not in cloud.schedules()


def test_a_released_instance_that_lives_on_is_armed_again() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _release(cloud)
        cloud.pass_time(minutes=11)
        cloud.check()
        assert cloud.switch_name in cloud.schedules()


def test_the_end_of_a_released_instance_is_told_to_nobody() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        _release(cloud)
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        reply = cloud.check()
        assert (reply["decision"], cloud.messages()) == ("over", [])


def test_an_instance_that_was_removed_by_hand_is_told_as_ever() -> None:
    with moto_cloud() as cloud:
        client("ec2").terminate_instances(InstanceIds=[watched(cloud).instance_id])
        assert cloud.check()["outcome"] == "interrupted"


def test_a_first_check_of_a_released_instance_says_that_it_stays() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        _release(cloud)
        cloud.pass_time(seconds=10)
        cloud.check("first-check")
        assert cloud.tags[names.TAG_RELEASED] == ""
        assert cloud.switch_name in cloud.schedules()


def test_a_first_check_that_may_not_reclaim_fails_and_the_instance_is_armed_later() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        _release(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        with pytest.raises(FirstCheckError, match="ec2:CreateTags"):
            cloud.check("first-check")
        cloud.faults.clear()
        cloud.pass_time(minutes=11)
        cloud.check()
        assert cloud.switch_name in cloud.schedules()


def test_a_first_check_of_an_instance_that_lost_its_tags_fails() -> None:
    with moto_cloud() as cloud:
        cloud.tag(run="another")
        with pytest.raises(FirstCheckError, match="no instance is found by the tags runctl:monitor="):
            cloud.check("first-check")


def test_a_first_check_of_an_instance_that_did_not_live_says_so() -> None:
    with moto_cloud() as cloud:
        client("ec2").terminate_instances(InstanceIds=[cloud.instance_id])
        with pytest.raises(FirstCheckError, match=f"instance {cloud.instance_id} is terminated: look into its launch"):
            cloud.check("first-check")


def test_a_release_by_the_monitor_that_a_run_had_before_leaves_the_moved_instance_alone() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.tag(monitor="team/dev/new")
        _release(cloud)
        assert names.TAG_RELEASED not in cloud.tags
        assert cloud.tags[names.TAG_ARMED]


def test_several_live_instances_are_told_as_a_problem_and_each_has_a_switch_of_its_own() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        other = cloud.launch_another()
        reply = cloud.check()
        assert reply["problems"] == [
            f"the run has 2 live instances: {cloud.instance_id}, {other}; each is watched and ended"
        ]
        switches = [cloud.schedules()[names.deadline_switch_name(each)] for each in (cloud.instance_id, other)]
        assert [json.loads(each["Target"]["Input"]) for each in switches] == [
            {"InstanceIds": [cloud.instance_id]},
            {"InstanceIds": [other]},
        ]


def test_a_marker_ends_all_live_instances_of_the_run_together() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud)
        other = cloud.launch_another()
        cloud.pass_time(minutes=1)
        cloud.put("done")
        cloud.pass_time(minutes=1)
        cloud.check()
        stopped = [given["InstanceIds"] for call, given in cloud.calls if call == "ec2:StopInstances"]
        assert stopped == [[cloud.instance_id], [other]]
        assert {message["instance_id"] for message in cloud.messages()} == {cloud.instance_id, other}


def test_a_marker_of_before_a_launch_does_not_end_that_launch() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud).put("done")
        cloud.pass_time(minutes=1)
        other = cloud.launch_another()
        reply = cloud.check()
        stopped = [given["InstanceIds"] for call, given in cloud.calls if call == "ec2:StopInstances"]
        assert (stopped, reply["instance"]["id"], reply["decision"]) == ([[cloud.instance_id]], other, "wait")
        assert any(note.startswith(f"{cloud.instance_id}: end: ") for note in reply["seen"])


def test_ending_one_instance_leaves_the_switch_of_another() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        other = watched(cloud).launch_another()
        cloud.check()
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        assert cloud.switch_name not in cloud.schedules()
        assert names.deadline_switch_name(other) in cloud.schedules()


def test_an_instance_that_cannot_be_ended_keeps_no_other_of_the_run_from_being_ended() -> None:
    with moto_cloud(grace_seconds=0) as cloud:
        watched(cloud)
        other = cloud.launch_another()
        cloud.pass_time(minutes=1)
        cloud.put("done")
        cloud.pass_time(minutes=1)
        cloud.faults["ec2:StopInstances"] = DENIED
        with pytest.raises(EndingFailedError):
            cloud.check()
        asked = [given["InstanceIds"] for call, given in cloud.calls if call == "ec2:StopInstances"]
        assert asked == [[cloud.instance_id], [other]]
        assert names.follow_up_name(RUN) in cloud.schedules()


def test_a_spot_warning_is_about_one_instance_of_the_run() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        other = cloud.launch_another()
        detail = {"instance-id": cloud.instance_id, "instance-action": "terminate"}
        cloud.handle({"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning", "detail": detail})
        signalled = [given["InstanceIds"] for call, given in cloud.calls if call == "ssm:SendCommand"]
        assert signalled == [[cloud.instance_id]]
        assert other not in str(signalled)


def test_the_ending_of_one_instance_is_measured_by_its_own_outcome_while_another_goes_on() -> None:
    with moto_cloud() as cloud:
        watched(cloud).launch_another()
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        with logged() as log:
            reply = cloud.check()
        (measured,) = [line for line in log.everything if "Endings" in line]
        assert (reply["decision"], measured["outcome"], measured["Endings"]) == ("wait", "interrupted", [1])


def test_what_was_done_to_one_instance_is_not_replied_of_another_that_goes_on() -> None:
    with moto_cloud(terminate_after_days=1, max_runtime_hours=0.0) as cloud:
        completed_and_due(cloud).check()
        cloud.pass_time(days=2)
        cloud.launch_another()
        reply = cloud.check()
        assert (cloud.state, reply["decision"], reply["action"]) == ("terminated", "wait", None)
