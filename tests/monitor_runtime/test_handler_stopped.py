"""A run that is over although the monitor did not end it: what becomes of the instance, and what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, error, raiser
from .cloud.moto_cloud import Cloud, moto_cloud
from .handler_paths import POWERED_OFF, checks, told, watched

NOT_PERMITTED = raiser(error("OperationNotPermitted", 400))
TOPIC_GONE = raiser(error("NotFound", 404))
MARKERS = pytest.mark.parametrize(("marker", "outcome"), [("done", "succeeded"), ("FAILED", "failed")])


def _terminates(**fields: Any) -> dict[str, Any]:
    return {"on_complete": Action.TERMINATE, "on_failure": Action.TERMINATE, **fields}


def _warn(cloud: Cloud) -> dict[str, Any]:
    return cloud.handle(
        {
            "source": "aws.ec2",
            "detail-type": "EC2 Spot Instance Interruption Warning",
            "time": format_time(cloud.clock.now()),
            "detail": {"instance-id": cloud.instance_id, "instance-action": "stop"},
        }
    )


def _open_requests() -> int:
    """How many spot requests may launch another instance: moto forgets those that were cancelled."""
    return len(client("ec2").describe_spot_instance_requests()["SpotInstanceRequests"])


def _complete_and_interrupted(cloud: Cloud, marker: str = "done") -> None:
    cloud.make_spot("persistent")
    watched(cloud).put(marker)
    _warn(cloud)
    cloud.pass_time(minutes=2)
    cloud.force_state(*POWERED_OFF)


# Recorded while it ran, and terminated once it has stopped.


@MARKERS
def test_a_complete_run_that_ec2_takes_back_is_terminated_once_it_has_stopped(marker: str, outcome: str) -> None:
    with moto_cloud(**_terminates()) as cloud:
        _complete_and_interrupted(cloud, marker)
        cloud.check()
        assert (cloud.state, _open_requests()) == ("terminated", 0)
        assert told(cloud) == [outcome]


def test_a_complete_run_that_ec2_takes_back_stays_stopped_where_a_stop_is_declared() -> None:
    with moto_cloud() as cloud:
        _complete_and_interrupted(cloud)
        assert checks(cloud, 3, hours=1)["decision"] == "over"
        assert cloud.state == "stopped"


def test_an_interrupted_run_waits_for_ec2_to_start_it_again() -> None:
    with moto_cloud(**_terminates(on_deadline=Action.TERMINATE)) as cloud:
        cloud.make_spot("persistent")
        watched(cloud)
        _warn(cloud)
        cloud.put("FAILED")
        cloud.pass_time(minutes=2)
        cloud.force_state(*POWERED_OFF)
        assert checks(cloud, 30, hours=1)["decision"] == "over"
        assert (cloud.state, told(cloud)) == ("stopped", ["interrupted"])
        assert "s3:ListObjectsV2" not in cloud.made()


def test_a_run_that_went_on_after_a_vain_warning_ends_as_what_it_became() -> None:
    with moto_cloud(**_terminates()) as cloud:
        watched(cloud)
        _warn(cloud)
        checks(cloud, 1, minutes=10)
        cloud.pass_time(hours=1)
        cloud.put("done")
        cloud.force_state(*POWERED_OFF)
        cloud.check()
        assert (cloud.state, sorted(told(cloud))) == ("terminated", ["interrupted", "succeeded"])


@pytest.mark.parametrize("forgiven", [False, True], ids=["hourly", "forgiven"])
@MARKERS
def test_what_ec2_refused_to_terminate_is_terminated_once_it_has_stopped(
    marker: str, outcome: str, forgiven: bool
) -> None:
    with moto_cloud(**_terminates()) as cloud:
        cloud.make_spot("persistent")
        watched(cloud).put(marker)
        cloud.faults["ec2:TerminateInstances"] = NOT_PERMITTED
        checks(cloud, 5, minutes=5)
        cloud.force_state(*POWERED_OFF)
        if forgiven:
            client("ec2").delete_tags(Resources=[cloud.instance_id], Tags=[{"Key": names.TAG_REFUSED}])
        cloud.faults.clear()
        checks(cloud, 2, minutes=1 if forgiven else 50)
        assert (cloud.state, _open_requests()) == ("terminated", 0)
        assert told(cloud) == [outcome]


def test_what_ec2_goes_on_refusing_of_a_stopped_instance_is_asked_for_once_an_hour() -> None:
    with moto_cloud(**_terminates()) as cloud:
        watched(cloud).put("done")
        cloud.faults["ec2:TerminateInstances"] = NOT_PERMITTED
        checks(cloud, 5, minutes=5)
        cloud.force_state(*POWERED_OFF)
        checks(cloud, 5, hours=1)
        asked = 0
        for _ in range(12):
            assert "refused too often" in "".join(checks(cloud, 1, minutes=10).get("problems", ["refused too often"]))
            asked += "ec2:TerminateInstances" in cloud.made()
        assert asked <= 2
        assert told(cloud) == ["succeeded"]


def test_what_the_monitor_stopped_itself_after_a_refusal_stays_stopped_though_the_declaration_changes() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.faults["ec2:StopInstances"] = NOT_PERMITTED
        checks(cloud, 2, minutes=5)
        cloud.faults.clear()
        checks(cloud, 1, minutes=5)
        cloud.declare(**_terminates())
        checks(cloud, 3, hours=1)
        assert cloud.state == "stopped"


def test_refused_work_that_is_in_doubt_by_now_stays_stopped() -> None:
    with moto_cloud(**_terminates(checkpoint_patterns=("last.pt",))) as cloud:
        watched(cloud)
        cloud.faults["ec2:TerminateInstances"] = NOT_PERMITTED
        cloud.put("last.pt")
        cloud.put("done")
        checks(cloud, 3, minutes=5)
        cloud.force_state(*POWERED_OFF)
        cloud.put("last.pt", b"")
        cloud.faults.clear()
        checks(cloud, 3, hours=1)
        assert (cloud.state, told(cloud)) == ("stopped", ["unverified"])


# What cannot be told or cleared away keeps nothing back.


@pytest.mark.parametrize(
    ("call", "fault"), [("sns:Publish", TOPIC_GONE), ("scheduler:DeleteSchedule", DENIED)], ids=["topic", "switch"]
)
def test_what_cannot_be_told_or_cleared_away_does_not_keep_a_stopped_instance(call: str, fault: Any) -> None:
    with moto_cloud(terminate_after_days=1) as cloud:
        watched(cloud).put("done")
        cloud.faults[call] = fault
        checks(cloud, 3, minutes=5)
        assert cloud.state == "stopped"
        reply = checks(cloud, 1, days=2)
        assert cloud.state == "terminated"
        assert (reply["decision"], reply["action"]) == ("settle", "terminate")
        assert call in cloud.made()


def test_a_topic_that_is_gone_does_not_keep_what_was_on_hold_when_it_stopped_itself() -> None:
    with moto_cloud(**_terminates()) as cloud:
        watched(cloud).put("done")
        cloud.faults["sns:Publish"] = TOPIC_GONE
        cloud.tag(hold_until=format_time(cloud.clock.now() + timedelta(hours=1)))
        cloud.force_state(*POWERED_OFF)
        checks(cloud, 2, minutes=10)
        assert cloud.state == "stopped"
        checks(cloud, 1, hours=1)
        assert cloud.state == "terminated"


# Terminated by somebody else.


@pytest.mark.parametrize(("fault", "open_requests"), [(None, 0), (DENIED, 1)], ids=["cancelled", "denied"])
def test_the_spot_request_of_a_run_that_somebody_terminated_is_cancelled(fault: Any, open_requests: int) -> None:
    with moto_cloud() as cloud:
        cloud.make_spot("persistent")
        watched(cloud)
        cloud.force_state("terminated", 48, "User initiated (2026-03-02 11:00:00 GMT)")
        if fault:
            cloud.faults["ec2:CancelSpotInstanceRequests"] = fault
        reply = checks(cloud, 1, minutes=5)
        assert _open_requests() == open_requests
        assert any("not cancelled" in problem for problem in reply["problems"]) is bool(fault)
        (message,) = cloud.messages()
        done = "could not cancel" if fault else "cancelled"
        assert message["done"] == f"found the instance terminated, and {done} its spot request"
        checks(cloud, 1, minutes=5)
        assert "ec2:CancelSpotInstanceRequests" not in cloud.made()
