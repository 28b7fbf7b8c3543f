"""What a follow-up carries because tags could not be written: nothing of it is lost, and none of it counts too long."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import MAX_REFUSALS
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import follow_up_input
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, PASSING, error, raiser
from .cloud.moto_cloud import PREFIX, RUN, Cloud, moto_cloud
from .handler_paths import S3_EVENT, completed_and_due, watched
from .log_lines import logged

FOLLOW_UP = names.follow_up_name(RUN)
SPOT_WARNING = {"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning"}
PROTECTED = raiser(error("OperationNotPermitted", 400))
_PUT = {"Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target"}


def _carried(cloud: Cloud) -> dict[str, Any]:
    return json.loads(cloud.schedules()[FOLLOW_UP]["Target"]["Input"])["unrecorded"]


def _put(cloud: Cloud, message: str) -> object:
    """Another check puts its follow-up while EC2 stops the instance."""
    given = {key: value for key, value in cloud.schedules()[FOLLOW_UP].items() if key in _PUT}
    client("scheduler").update_schedule(**{**given, "Target": {**given["Target"], "Input": message}})
    state = {"CurrentState": {"Name": "stopping", "Code": 64}, "PreviousState": {"Name": "running", "Code": 16}}
    return {"StoppingInstances": [{"InstanceId": cloud.instance_id, **state}]}


def _output_of_an_upload(cloud: Cloud) -> None:
    began = cloud.clock.now()
    cloud.pass_time(minutes=30)
    entry = {"Key": f"{PREFIX}model.pt", "Size": 5, "LastModified": began, "ETag": '"x-2"'}
    cloud.faults["s3:ListObjectsV2"] = lambda: {"Contents": [entry]}


def test_a_follow_up_that_comes_late_forgets_nothing_that_the_pending_one_carries() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        late = cloud.event("follow-up", unrecorded=_carried(cloud))
        cloud.pass_time(minutes=6)
        cloud.check()
        cloud.handle(late)
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded"]
        assert names.TAG_NOTIFIED in _carried(cloud)[cloud.instance_id]


def test_a_pending_follow_up_that_cannot_be_read_just_now_is_not_replaced() -> None:
    with moto_cloud(expected_outputs=("model.pt",)) as cloud:
        watched(cloud)
        _output_of_an_upload(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        carried = _carried(cloud)
        cloud.pass_time(minutes=2)
        cloud.faults["scheduler:GetSchedule"] = PASSING["5xx"]
        reply = cloud.check()
        del cloud.faults["scheduler:GetSchedule"]
        assert "the pending follow-up stays: it may carry what could not be read" in reply["seen"]
        assert _carried(cloud) == carried
        cloud.pass_time(minutes=3)
        assert cloud.check()["decision"] == "end"


def test_where_no_follow_up_is_pending_one_is_made_though_nobody_could_tell() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        client("scheduler").delete_schedule(GroupName="schedules", Name=FOLLOW_UP)
        cloud.faults |= {"ec2:CreateTags": DENIED, "scheduler:GetSchedule": PASSING["5xx"]}
        cloud.check()
        cloud.faults.clear()
        assert names.TAG_NOTICED in _carried(cloud)[cloud.instance_id]


def test_where_follow_ups_may_never_be_read_they_are_replaced() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.faults |= {"ec2:CreateTags": DENIED, "scheduler:GetSchedule": DENIED}
        cloud.check()
        cloud.faults.clear()
        assert names.TAG_NOTICED in _carried(cloud)[cloud.instance_id]


def test_a_run_whose_deadline_could_not_be_recorded_is_not_terminated_for_a_marker_that_came_later() -> None:
    with moto_cloud(on_complete=Action.TERMINATE) as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=24, minutes=1)
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        cloud.put("done")
        cloud.pass_time(minutes=5)
        cloud.check()
        assert [message["outcome"] for message in cloud.messages()] == ["deadline"]
        assert cloud.state == "stopped"


def test_an_interruption_that_could_not_be_recorded_is_not_followed_by_an_ending() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.make_spot("one-time")
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.handle(SPOT_WARNING | {"detail": {"instance-id": cloud.instance_id}})
        cloud.put("training_failed.txt")
        cloud.pass_time(minutes=4)
        assert cloud.check()["decision"] == "over"
        assert [message["outcome"] for message in cloud.messages()] == ["interrupted"]


def test_a_spot_warning_that_comes_twice_is_told_once_though_it_could_not_be_recorded() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        for _ in range(2):
            cloud.handle(SPOT_WARNING | {"detail": {"instance-id": cloud.instance_id}})
        assert [message["outcome"] for message in cloud.messages()] == ["interrupted"]


def test_what_an_overlapping_check_put_is_carried_on() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        told = {"i-another": {names.TAG_NOTIFIED: "2026-03-02T11:00:00Z"}}
        overlapping = follow_up_input(cloud.settings.to_document(), told)
        cloud.faults["ec2:StopInstances"] = lambda: _put(cloud, overlapping)
        cloud.check()
        assert _carried(cloud).keys() == {"i-another", cloud.instance_id}


def test_what_ec2_refuses_is_asked_for_once_an_hour_though_no_tag_can_tell_so() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults |= {"ec2:CreateTags": DENIED, "ec2:StopInstances": PROTECTED}
        for _ in range(MAX_REFUSALS):
            with pytest.raises(EndingFailedError):
                cloud.check()
            cloud.pass_time(minutes=2)
        assert cloud.check()["decision"] == "refused"


def test_a_follow_up_that_only_carries_does_not_come_at_once_with_a_heartbeat() -> None:
    with moto_cloud(max_interval_seconds=3600) as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        assert cloud.check()["next_check_at"] == format_time(cloud.clock.now() + timedelta(minutes=90))


def test_an_ending_does_not_forget_what_is_carried_of_another_instance() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        cloud.faults["ec2:CreateTags"] = DENIED
        told = {"i-another": {names.TAG_NOTIFIED: "2026-03-02T11:00:00Z"}}
        cloud.handle(cloud.event("follow-up", unrecorded=told))
        cloud.put("done")
        cloud.pass_time(minutes=6)
        cloud.handle(S3_EVENT)
        assert _carried(cloud).keys() == {"i-another", cloud.instance_id}


def test_what_cannot_be_recorded_of_an_ended_instance_does_not_make_another_end_late() -> None:
    with moto_cloud() as cloud:
        cloud.launch_another()
        watched(cloud)
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.put("done")
        cloud.pass_time(minutes=4, seconds=30)
        began = cloud.clock.now()
        assert cloud.check()["decision"] == "end"
        assert (cloud.clock.now() - began).total_seconds() == 30


@pytest.mark.parametrize("told", [True, False])
def test_a_report_that_nobody_was_told_of_is_told_when_the_instance_has_ended(*, told: bool) -> None:
    with moto_cloud(on_complete=Action.REPORT) as cloud:
        completed_and_due(cloud)
        if not told:
            cloud.faults["sns:Publish"] = PASSING["5xx"]
        cloud.check()
        cloud.faults.clear()
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.check()
        assert [message["outcome"] for message in cloud.messages()] == ["succeeded"]


def test_a_run_that_was_reported_and_then_stopped_is_counted_once_though_its_end_could_not_be_recorded() -> None:
    with moto_cloud(on_complete=Action.REPORT) as cloud:
        completed_and_due(cloud).check()
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.faults["ec2:CreateTags"] = DENIED
        with logged() as log:
            for _ in range(12):
                cloud.pass_time(minutes=5)
                cloud.check()
        assert log.measured("Endings") == [1]
