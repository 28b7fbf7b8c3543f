"""Every AWS call of every path made to fail, once and for ever, each with a stated result.

What is stated: whether the check replies or raises, whether the run is ended nevertheless, and that the trigger after
the fault finishes the job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from monitor_runtime import names
from monitor_runtime.act import EndingFailedError
from monitor_runtime.cloud import CloudError
from monitor_runtime.first_check import FirstCheckError
from monitor_runtime.settings import Action, Idle
from sandbox.boto import client

from .moto_cloud import BUCKET, MONITOR, PREFIX, Cloud, moto_cloud

S3_EVENT = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": BUCKET}, "object": {"key": f"{PREFIX}done"}},
}


def _error(code: str, status: int) -> Exception:
    return ClientError(
        {"Error": {"Code": code, "Message": "injected"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # pyright: ignore[reportArgumentType]
        "Injected",
    )


def _raiser(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


PASSING: Mapping[str, Callable[[], object]] = {
    "throttled": _raiser(_error("ThrottlingException", 400)),
    "5xx": _raiser(_error("InternalError", 500)),
    "timeout": _raiser(ReadTimeoutError(endpoint_url="https://aws")),
    "unreachable": _raiser(EndpointConnectionError(endpoint_url="https://aws")),
    "malformed": _raiser(ResponseParserError("injected")),
}
DENIED = _raiser(_error("AccessDenied", 403))


@dataclass(frozen=True)
class Path:
    """A way through the handler: the run's settings, what happened before, and the trigger."""

    prepare: Callable[[Cloud], object]
    fields: Mapping[str, Any]
    state: str
    """The instance's state when all has gone well."""
    event: Callable[[Cloud], Mapping[str, Any]] = lambda cloud: cloud.event()


def _watched(cloud: Cloud) -> None:
    cloud.check("first-check")
    cloud.pass_time(hours=2)


def _noticeable(cloud: Cloud) -> None:
    _watched(cloud)
    cloud.put("done")


def _due(cloud: Cloud) -> None:
    _noticeable(cloud)
    cloud.check()
    cloud.pass_time(minutes=6)


def _late(cloud: Cloud) -> None:
    cloud.check("first-check")
    cloud.pass_time(hours=24, minutes=1)


def _idle(cloud: Cloud) -> None:
    _watched(cloud)
    for _ in range(4):
        client("cloudwatch").put_metric_data(
            Namespace="AWS/EC2",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "InstanceId", "Value": cloud.instance_id}],
                    "Timestamp": cloud.clock.now(),
                    "Value": 1.0,
                }
            ],
        )
        cloud.pass_time(minutes=5)


def _stopped_by_hand(cloud: Cloud) -> None:
    _watched(cloud)
    client("ec2").stop_instances(InstanceIds=[cloud.instance_id])


def _stuck(cloud: Cloud) -> None:
    _watched(cloud)
    cloud.force_state("stopping", 64, "User initiated (2026-03-02 10:00:00 GMT)")


def _kept(cloud: Cloud) -> None:
    _due(cloud)
    cloud.check()
    cloud.pass_time(days=2)


def _spot_event(cloud: Cloud) -> Mapping[str, Any]:
    return {
        "source": "aws.ec2",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "detail": {"instance-id": cloud.instance_id, "instance-action": "terminate"},
    }


PATHS: Mapping[str, Path] = {
    "training": Path(_watched, {}, "running"),
    "launch": Path(lambda _: None, {}, "running"),
    "noticing": Path(_noticeable, {}, "running"),
    "ending": Path(_due, {}, "stopped"),
    "terminating": Path(_due, {"on_complete": Action.TERMINATE}, "terminated"),
    "deadline": Path(_late, {}, "stopped"),
    "idle": Path(_idle, {"idle": Idle("CPUUtilization", 5, 10)}, "stopped"),
    "settling": Path(_stopped_by_hand, {}, "stopped"),
    "forcing": Path(_stuck, {}, "stopped"),
    "kept": Path(_kept, {"terminate_after_days": 1}, "terminated"),
    "s3 event": Path(_noticeable, {}, "running", lambda _: S3_EVENT),
    "spot warning": Path(_watched, {}, "running", _spot_event),
    "first check": Path(lambda _: None, {"s3_events": True}, "running", lambda cloud: cloud.event("first-check")),
    "removal": Path(_watched, {}, "running", lambda cloud: cloud.event("first-check", tf={"action": "delete"})),
}

REPORTED = "the reply names the call; what hangs on it waits for the next trigger"
ANYWAY = "the reply names the call; the run is ended nevertheless"
NOTED = "a note says what came of the signal; the run is ended nevertheless"
ENDING = EndingFailedError
LOOK_UP = CloudError
UP_FAILS = FirstCheckError

STATED: Mapping[tuple[str, str], str | type[Exception]] = {
    ("training", "ec2:DescribeInstances"): REPORTED,
    ("training", "s3:ListObjectsV2"): REPORTED,
    ("launch", "ec2:DescribeInstances"): REPORTED,
    ("launch", "s3:ListObjectsV2"): REPORTED,
    ("launch", "scheduler:CreateSchedule"): REPORTED,
    ("launch", "ec2:CreateTags"): REPORTED,
    ("noticing", "ec2:DescribeInstances"): REPORTED,
    ("noticing", "s3:ListObjectsV2"): REPORTED,
    ("noticing", "ec2:CreateTags"): REPORTED,
    ("noticing", "scheduler:CreateSchedule"): REPORTED,
    ("noticing", "scheduler:UpdateSchedule"): REPORTED,
    ("ending", "ec2:DescribeInstances"): REPORTED,
    ("ending", "s3:ListObjectsV2"): REPORTED,
    ("ending", "s3:GetObject"): REPORTED,
    ("ending", "s3:ListMultipartUploads"): REPORTED,
    ("ending", "ec2:StopInstances"): ENDING,
    ("ending", "scheduler:DeleteSchedule"): ANYWAY,
    ("ending", "ec2:CreateTags"): ANYWAY,
    ("ending", "sns:Publish"): ANYWAY,
    ("terminating", "ec2:DescribeInstances"): REPORTED,
    ("terminating", "s3:ListObjectsV2"): REPORTED,
    ("terminating", "s3:GetObject"): REPORTED,
    ("terminating", "s3:ListMultipartUploads"): REPORTED,
    ("terminating", "ec2:TerminateInstances"): ENDING,
    ("terminating", "scheduler:DeleteSchedule"): ANYWAY,
    ("terminating", "ec2:CreateTags"): ANYWAY,
    ("terminating", "sns:Publish"): ANYWAY,
    ("deadline", "ec2:DescribeInstances"): REPORTED,
    ("deadline", "s3:ListObjectsV2"): ANYWAY,
    ("deadline", "ssm:SendCommand"): NOTED,
    ("deadline", "ssm:GetCommandInvocation"): NOTED,
    ("deadline", "ec2:StopInstances"): ENDING,
    ("deadline", "scheduler:DeleteSchedule"): ANYWAY,
    ("deadline", "ec2:CreateTags"): ANYWAY,
    ("deadline", "sns:Publish"): ANYWAY,
    ("idle", "ec2:DescribeInstances"): REPORTED,
    ("idle", "s3:ListObjectsV2"): REPORTED,
    ("idle", "cloudwatch:GetMetricData"): REPORTED,
    ("idle", "ssm:SendCommand"): NOTED,
    ("idle", "ssm:GetCommandInvocation"): NOTED,
    ("idle", "ec2:StopInstances"): ENDING,
    ("idle", "scheduler:DeleteSchedule"): ANYWAY,
    ("idle", "ec2:CreateTags"): ANYWAY,
    ("idle", "sns:Publish"): ANYWAY,
    ("settling", "ec2:DescribeInstances"): REPORTED,
    ("settling", "s3:ListObjectsV2"): ANYWAY,
    ("settling", "scheduler:DeleteSchedule"): ANYWAY,
    ("settling", "ec2:CreateTags"): ANYWAY,
    ("settling", "sns:Publish"): ANYWAY,
    ("forcing", "ec2:DescribeInstances"): REPORTED,
    ("forcing", "ec2:StopInstances"): ENDING,
    ("kept", "ec2:DescribeInstances"): REPORTED,
    ("kept", "ec2:TerminateInstances"): ENDING,
    ("s3 event", "ec2:DescribeInstances"): LOOK_UP,
    ("s3 event", "scheduler:GetSchedule"): LOOK_UP,
    ("s3 event", "s3:ListObjectsV2"): REPORTED,
    ("s3 event", "ec2:CreateTags"): REPORTED,
    ("s3 event", "scheduler:CreateSchedule"): REPORTED,
    ("s3 event", "scheduler:UpdateSchedule"): REPORTED,
    ("spot warning", "ec2:DescribeInstances"): LOOK_UP,
    ("spot warning", "scheduler:GetSchedule"): LOOK_UP,
    ("spot warning", "s3:ListObjectsV2"): REPORTED,
    ("spot warning", "ssm:SendCommand"): NOTED,
    ("spot warning", "ssm:GetCommandInvocation"): NOTED,
    ("spot warning", "scheduler:DeleteSchedule"): REPORTED,
    ("spot warning", "ec2:CreateTags"): REPORTED,
    ("spot warning", "sns:Publish"): REPORTED,
    ("first check", "ec2:DescribeInstances"): UP_FAILS,
    ("first check", "s3:ListObjectsV2"): UP_FAILS,
    ("first check", "s3:GetBucketLocation"): UP_FAILS,
    ("first check", "s3:GetBucketNotificationConfiguration"): UP_FAILS,
    ("first check", "scheduler:CreateSchedule"): REPORTED,
    ("first check", "ec2:CreateTags"): REPORTED,
    ("removal", "scheduler:DeleteSchedule"): REPORTED,
}


@pytest.mark.parametrize("name", PATHS)
def test_every_call_of_a_path_has_a_stated_result(name: str) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        cloud.faults.update(_EVENTS_ON)
        path.prepare(cloud)
        cloud.handle(path.event(cloud))
        assert {(name, call) for call in cloud.made()} == {stated for stated in STATED if stated[0] == name}
        assert cloud.state == path.state


# Moto does not tell of EventBridge in a bucket's notifications.
_EVENTS_ON: dict[str, Callable[[], object]] = {
    "s3:GetBucketNotificationConfiguration": lambda: {"EventBridgeConfiguration": {}}
}
_FOREVER = ("throttled", "denied")
_ENDING_TOO = ("5xx", "timeout", "unreachable", "malformed")
CASES = [
    (name, call, kind) for name, call in STATED for kind in (*_FOREVER, *(_ENDING_TOO if name == "ending" else ()))
]


def _fault(kind: str) -> Callable[[], object]:
    return DENIED if kind == "denied" else PASSING[kind]


def _judge(cloud: Cloud, path: Path, call: str, stated: str | type[Exception]) -> None:
    """What the check itself makes of a call that fails for ever."""
    if isinstance(stated, type):
        with pytest.raises(stated, match=call):
            cloud.handle(path.event(cloud))
        return
    reply = cloud.handle(path.event(cloud))
    if stated == NOTED:
        assert "training" in " ".join(reply["seen"])
    else:
        assert call in " ".join(reply["problems"])
    if stated in {ANYWAY, NOTED}:
        assert cloud.state == path.state


@pytest.mark.parametrize(("name", "call", "kind"), CASES)
def test_a_call_that_fails_for_ever_has_its_stated_result_and_the_next_trigger_finishes_the_job(
    name: str, call: str, kind: str
) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        cloud.faults.update(_EVENTS_ON)
        path.prepare(cloud)
        cloud.faults[call] = _fault(kind)
        _judge(cloud, path, call, STATED[name, call])
        del cloud.faults[call]
        cloud.faults.update(_EVENTS_ON)
        _finish(cloud, path)


def _finish(cloud: Cloud, path: Path) -> None:
    """Two heartbeats on, everything is as if nothing had failed."""
    if path is PATHS["removal"]:
        return
    for _ in range(2):
        cloud.pass_time(minutes=5 if path.state != "running" else 0)
        cloud.check()
    assert cloud.state == (path.state if path is not PATHS["noticing"] else "running")
    if path.state != "running":
        assert names.TAG_OUTCOME in cloud.tags
        assert not cloud.tags.get(names.TAG_ARMED)
        assert names.deadline_switch_name("llama-ft") not in cloud.schedules()
        assert len(cloud.messages()) >= 1
    else:
        assert cloud.tags[names.TAG_MONITOR] == MONITOR


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ending", "ec2:StopInstances"),
        ("ending", "ec2:CreateTags"),
        ("ending", "sns:Publish"),
        ("terminating", "ec2:TerminateInstances"),
        ("forcing", "ec2:StopInstances"),
        ("kept", "ec2:TerminateInstances"),
    ],
)
def test_a_call_of_an_ending_that_fails_once_is_tried_again_after_two_seconds(name: str, call: str, kind: str) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        path.prepare(cloud)
        began = cloud.clock.now()
        cloud.faults[call] = lambda: _once(cloud, call, kind)
        reply = cloud.handle(path.event(cloud))
        assert (reply["problems"], cloud.state) == ([], path.state)
        assert (cloud.clock.now() - began).total_seconds() == 2


def _once(cloud: Cloud, call: str, kind: str) -> object:
    del cloud.faults[call]
    return PASSING[kind]()


def test_an_ending_that_fails_is_tried_at_0_2_6_and_14_seconds() -> None:
    with moto_cloud() as cloud:
        _due(cloud)
        tried: list[float] = []
        began = cloud.clock.now()

        def fail() -> object:
            tried.append((cloud.clock.now() - began).total_seconds())
            return PASSING["5xx"]()

        cloud.faults["ec2:StopInstances"] = fail
        with pytest.raises(EndingFailedError):
            cloud.check()
        assert tried == [0, 2, 6, 14]


def test_a_stop_that_is_denied_is_asked_for_three_times_in_all() -> None:
    with moto_cloud() as cloud:
        _due(cloud)
        asked: list[int] = []
        cloud.faults["ec2:StopInstances"] = lambda: (asked.append(1), DENIED())
        for _ in range(3):
            with pytest.raises(EndingFailedError):
                cloud.check()
        assert cloud.check()["decision"] == "refused"
        assert len(asked) == 3


def test_what_cannot_be_stopped_is_terminated() -> None:
    with moto_cloud() as cloud:
        _due(cloud)
        cloud.faults["ec2:StopInstances"] = _raiser(_error("UnsupportedOperation", 400))
        reply = cloud.check()
        assert (reply["action"], cloud.state) == ("terminate", "terminated")
