"""The first check tries, without harm, all that will end the run, and names what is denied."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.pages import Page, UploadPage
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Stalled
from monitor_runtime.observe.first_check import FirstCheckError, prove
from sandbox.aws.boto import client

from .builders import instance, settings
from .cloud.aws_failures import DENIED, error, raiser
from .cloud.moto_cloud import GROUP, RUN, Cloud, moto_cloud
from .fakes import FakeClock, ScriptedCloud

UNAUTHORIZED = raiser(error("UnauthorizedOperation", 403))


SUCCEEDED = "succeeded: stopped, 300 s after training_complete.txt or COMPLETE or done"


def _refused(cloud: Cloud) -> str:
    with pytest.raises(FirstCheckError) as caught:
        cloud.check("first-check")
    return str(caught.value)


@pytest.mark.parametrize("call", ["StopInstances", "TerminateInstances", "CreateTags"])
def test_an_ending_that_ec2_would_deny_fails_the_first_check_which_names_the_right_and_the_instance(call: str) -> None:
    with moto_cloud() as cloud:
        cloud.faults[f"ec2:{call}"] = UNAUTHORIZED
        assert f"ec2:{call} on {cloud.instance_id} is denied (ec2:{call}: UnauthorizedOperation" in _refused(cloud)


def test_a_spot_request_that_could_not_be_cancelled_fails_the_first_check() -> None:
    with moto_cloud() as cloud:
        cloud.make_spot("persistent")
        cloud.faults["ec2:CancelSpotInstanceRequests"] = UNAUTHORIZED
        assert "ec2:CancelSpotInstanceRequests on sir-" in _refused(cloud)


@pytest.mark.parametrize("fields", [{}, {"max_runtime_hours": 0.0}, {"on_deadline": Action.REPORT}])
@pytest.mark.parametrize("call", ["CreateSchedule", "UpdateSchedule", "DeleteSchedule"])
def test_a_schedule_that_could_not_be_made_moved_or_removed_fails_the_first_check_with_a_deadline_or_without(
    call: str, fields: dict[str, Any]
) -> None:
    with moto_cloud(**fields) as cloud:
        cloud.faults[f"scheduler:{call}"] = DENIED
        assert _refused(cloud).count(f"scheduler:{call}:") == 1


def test_uploads_that_could_not_be_listed_fail_the_first_check() -> None:
    """They are looked for only once a run is complete, and it would end as unverified."""
    with moto_cloud() as cloud:
        cloud.faults["s3:ListMultipartUploads"] = DENIED
        assert "s3:ListMultipartUploads: AccessDenied" in _refused(cloud)


def test_all_that_is_denied_is_named_together() -> None:
    with moto_cloud() as cloud:
        calls = ("ec2:StopInstances", "ec2:TerminateInstances", "ec2:CreateTags", "scheduler:CreateSchedule")
        denied = (*calls, "scheduler:DeleteSchedule", "s3:ListObjectsV2", "sns:Publish")
        cloud.faults.update(dict.fromkeys(denied, DENIED))
        said = _refused(cloud)
        assert [call for call in denied if call not in said] == []


def test_each_live_instance_of_the_run_is_tried() -> None:
    with moto_cloud() as cloud:
        other = cloud.launch_another()
        cloud.check("first-check")
        tried = [given["InstanceIds"] for call, given in cloud.calls if call == "ec2:StopInstances"]
        assert sorted(tried) == sorted([[cloud.instance_id], [other]])


def test_nothing_is_ended_by_being_tried() -> None:
    with moto_cloud() as cloud:
        cloud.make_spot("persistent")
        cloud.check("first-check")
        dry = [given["DryRun"] for call, given in cloud.calls if "Instances" in call and "Describe" not in call]
        assert dry == [True] * 2
        assert (cloud.state, names.TAG_OUTCOME in cloud.tags) == ("running", False)


@pytest.mark.parametrize("code", ["UnsupportedOperation", "IncorrectInstanceState"])
def test_what_ec2_could_not_do_now_or_with_this_instance_is_no_denial(code: str) -> None:
    with moto_cloud() as cloud:
        cloud.faults["ec2:StopInstances"] = raiser(error(code, 400))
        assert cloud.check("first-check")["decision"] == "wait"


def test_a_spot_request_that_ec2_has_forgotten_is_no_denial() -> None:
    with moto_cloud() as cloud:
        cloud.make_spot("one-time")
        forgotten = raiser(error("InvalidSpotInstanceRequestID.NotFound", 400))
        cloud.faults["ec2:CancelSpotInstanceRequests"] = forgotten
        assert cloud.check("first-check")["decision"] == "wait"


def test_the_encoded_part_of_a_denial_is_left_out() -> None:
    with moto_cloud() as cloud:
        denial: Any = error("UnauthorizedOperation", 403)
        denial.response["Error"]["Message"] = "You are not authorized. Encoded authorization failure message: ABCDEF"
        cloud.faults["ec2:StopInstances"] = raiser(denial)
        said = _refused(cloud)
        assert "You are not authorized." in said
        assert "ABCDEF" not in said


def test_a_fresh_role_is_waited_for_until_it_may_stop() -> None:
    with moto_cloud() as cloud:
        began = cloud.clock.now()

        def not_yet() -> object:
            if cloud.clock.now() - began < timedelta(seconds=45):
                return UNAUTHORIZED()
            raise error("DryRunOperation", 412)

        cloud.faults["ec2:StopInstances"] = not_yet
        assert cloud.check("first-check")["decision"] == "wait"
        assert cloud.clock.now() - began == timedelta(seconds=50)


@pytest.mark.parametrize("fields", [{"max_runtime_hours": 0.0}, {"on_deadline": Action.REPORT}])
def test_a_run_without_a_switch_is_proven_with_a_follow_up_and_left_without_a_switch(fields: dict[str, Any]) -> None:
    with moto_cloud(**fields) as cloud:
        cloud.check("first-check")
        made = [given["Name"] for call, given in cloud.calls if call == "scheduler:CreateSchedule"]
        assert made[0] == names.trial_name(RUN)
        assert set(cloud.schedules()) == {RUN, names.follow_up_name(RUN)}


@pytest.mark.parametrize("fields", [{}, {"max_runtime_hours": 0.0}])
def test_the_pending_follow_up_which_may_carry_what_no_tag_could_take_outlives_a_first_check_that_fails(
    fields: dict[str, Any],
) -> None:
    with moto_cloud(**fields) as cloud:
        cloud.check()
        pending = cloud.schedules()[names.follow_up_name(RUN)]["Target"]
        cloud.faults["ec2:CreateTags"] = DENIED
        _refused(cloud)
        assert cloud.schedules()[names.follow_up_name(RUN)]["Target"] == pending


def test_the_switch_is_armed_though_the_tag_says_so_already() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        client("scheduler").delete_schedule(GroupName=GROUP, Name=cloud.switch_name)
        cloud.check("first-check")
        assert cloud.switch_name in cloud.schedules()


def test_a_stopped_instance_is_not_armed() -> None:
    """It would end an instance that somebody starts again."""
    with moto_cloud() as cloud:
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.check("first-check")
        assert cloud.switch_name not in cloud.schedules()


def test_the_role_is_named_that_may_not_be_handed_over() -> None:
    with moto_cloud() as cloud:
        denial: Any = error("AccessDeniedException", 403)
        denial.response["Error"]["Message"] = "not authorized to perform: iam:PassRole on resource: scheduler"
        cloud.faults["scheduler:CreateSchedule"] = raiser(denial)
        assert "iam:PassRole on resource: scheduler" in _refused(cloud)


# The topic.


def _statuses(cloud: Cloud) -> list[str]:
    return [message["status"] for message in cloud.all_messages() if "status" in message]


def test_the_topic_is_told_that_the_run_is_watched_and_how_it_will_end() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        (message,) = cloud.all_messages()
        assert (message["run"], message["status"], message["instance_ids"]) == (RUN, "watched", [cloud.instance_id])
        assert message["plan"] == [
            f"{SUCCEEDED}; failed: stopped, 300 s after training_failed.txt or FAILED",
            "deadline: stopped, 24 h after the launch, at 2026-03-03T09:00:00Z",
            "outputs: s3://outputs/runs/llama-ft/",
        ]


def test_the_message_names_each_way_in_which_the_run_may_fail() -> None:
    idle, stalled = Idle("CPUUtilization", 5, 30), Stalled(("*.pt", "*.bin"), 60)
    with moto_cloud(idle=idle, stalled=stalled) as cloud:
        cloud.check("first-check")
        (message,) = cloud.all_messages()
        assert message["plan"][0].endswith(
            ", or when CPUUtilization stays under 5 for 30 minutes"
            ", or when nothing new matches *.pt or *.bin for 60 minutes"
        )


def test_a_metric_that_has_to_stay_at_zero_is_told_as_that() -> None:
    with moto_cloud(idle=Idle("CPUUtilization", 0, 30)) as cloud:
        cloud.check("first-check")
        (message,) = cloud.all_messages()
        assert message["plan"][0].endswith(", or when CPUUtilization stays at 0 for 30 minutes")


@pytest.mark.parametrize("code", ["NotFound", "KMSAccessDenied", "AuthorizationError"])
def test_a_topic_that_takes_no_message_fails_the_first_check_and_says_what_to_look_at(code: str) -> None:
    with moto_cloud() as cloud:
        cloud.faults["sns:Publish"] = raiser(error(code, 400))
        said = _refused(cloud)
        assert said.count(code) == 1
        assert "set notify_key_arn" in said


def test_a_first_check_that_is_repeated_says_it_once() -> None:
    with moto_cloud() as cloud:
        for _ in range(3):
            cloud.check("first-check")
        assert _statuses(cloud) == ["watched"]


def test_another_launch_is_told_anew_by_its_first_check() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=1)
        cloud.relaunched_at(cloud.clock.now())
        cloud.check("first-check")
        assert _statuses(cloud) == ["watched", "watched"]


def test_a_stopped_instance_is_not_told_as_watched() -> None:
    with moto_cloud() as cloud:
        client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
        cloud.check("first-check")
        assert _statuses(cloud) == []


def test_a_first_check_that_fails_tells_the_topic_why_once() -> None:
    """The instance is running, and up may have been run by a machine at night."""
    with moto_cloud() as cloud:
        cloud.faults["ec2:StopInstances"] = UNAUTHORIZED
        _refused(cloud)
        (message,) = cloud.all_messages()
        assert message["status"] == "not watched"
        assert "ec2:StopInstances" in json.dumps(message["problems"])


# Time.


def test_no_step_is_begun_after_five_minutes_and_that_is_said() -> None:
    run, clock = settings(), FakeClock()
    own = instance(tags=names.run_tags(run.monitor, run.run))
    scripted = ScriptedCloud(
        {
            "find_instances": [(own,)],
            "list_folder": [Page((), None)],
            "bucket_region": ["us-east-1"],
            "list_uploads": [UploadPage(())],
        }
    )
    began, tried = clock.now(), list[int]()

    def slow(number: int) -> list[str]:
        tried.append(number)
        clock.sleep(45)
        return [f"step {number}"]

    with pytest.raises(FirstCheckError, match=r"step 6; AWS was too slow for everything to be tried within 5 minutes"):
        prove(
            scripted.cloud,
            clock,
            run,
            "us-east-1",
            rights=lambda _: [lambda number=number: slow(number) for number in range(20)],
        )
    assert (clock.now() - began).total_seconds() < 360
    assert tried == list(range(7))


def test_a_failure_of_a_dry_run_that_can_pass_is_not_called_a_denial() -> None:
    with moto_cloud() as cloud:
        cloud.faults["ec2:StopInstances"] = raiser(error("RequestLimitExceeded", 503))
        assert f"ec2:StopInstances on {cloud.instance_id} could not be tried" in _refused(cloud)
