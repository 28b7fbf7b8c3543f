"""The ways through the handler, each up to the trigger that takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Stalled
from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import begin_upload

from .cloud.moto_cloud import BUCKET, GROUP, PREFIX, Cloud

S3_EVENT = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": BUCKET}, "object": {"key": f"{PREFIX}done"}},
}


POWERED_OFF = ("stopped", 80, "User initiated")
"""A shutdown from inside, of which EC2 says no time."""


@dataclass(frozen=True)
class Path:
    """A way through the handler: the run's settings, what happened before, and the trigger."""

    prepare: Callable[[Cloud], object]
    fields: Mapping[str, Any]
    state: str
    """The instance's state when all has gone well."""
    event: Callable[[Cloud], Mapping[str, Any]] = lambda cloud: cloud.event()


def watched(cloud: Cloud) -> Cloud:
    """Past the first check and the early backoff."""
    cloud.check("first-check")
    cloud.pass_time(hours=2)
    return cloud


def checks(cloud: Cloud, times: int, **apart: float) -> dict[str, Any]:
    """Checks, whatever EC2 refuses; the reply to the last one."""
    reply: dict[str, Any] = {}
    for _ in range(times):
        cloud.pass_time(**apart)
        try:
            reply = cloud.check()
        except EndingFailedError:
            continue
    return reply


def told(cloud: Cloud) -> list[str]:
    """The outcomes that were told, taken from the queue with this."""
    return [message["outcome"] for message in cloud.messages()]


def _noticeable(cloud: Cloud) -> None:
    watched(cloud)
    cloud.put("done")


def completed_and_due(cloud: Cloud) -> Cloud:
    """A marker, its grace period over."""
    _noticeable(cloud)
    cloud.check()
    cloud.pass_time(minutes=6)
    return cloud


def _late(cloud: Cloud) -> None:
    cloud.check("first-check")
    cloud.pass_time(hours=24, minutes=1)


def _idle(cloud: Cloud) -> None:
    watched(cloud)
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


def _uploaded(cloud: Cloud) -> None:
    watched(cloud)
    upload = {"Bucket": BUCKET, "Key": f"{PREFIX}checkpoints/1.pt"}
    upload["UploadId"] = client("s3").create_multipart_upload(**upload)["UploadId"]
    etag = client("s3").upload_part(**upload, PartNumber=1, Body=b"w")["ETag"]
    client("s3").complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})


def _reported(cloud: Cloud) -> None:
    watched(cloud)
    cloud.put(names.STARTED)


def _uploading(cloud: Cloud) -> None:
    """Moto tells the same time of 2010 for every upload and part."""
    completed_and_due(cloud)
    key, began = f"{PREFIX}last.pt", cloud.clock.now()
    begun = {"Key": key, "UploadId": begin_upload(BUCKET, key, began), "Initiated": began}
    cloud.answers["s3:ListMultipartUploads"] = lambda: {"Uploads": [begun]}


def _persistent_spot(cloud: Cloud) -> None:
    cloud.make_spot("persistent")
    completed_and_due(cloud)


def _stopped_by_hand(cloud: Cloud) -> None:
    watched(cloud)
    client("ec2").stop_instances(InstanceIds=[cloud.instance_id])


def _stuck(cloud: Cloud) -> None:
    watched(cloud)
    cloud.force_state("stopping", 64, "User initiated (2026-03-02 10:00:00 GMT)")


def _kept(cloud: Cloud) -> None:
    completed_and_due(cloud)
    cloud.check()
    cloud.pass_time(days=2)


def _disarmed(cloud: Cloud) -> None:
    watched(cloud)
    client("scheduler").delete_schedule(GroupName=GROUP, Name=cloud.switch_name)


def _spot_event(cloud: Cloud) -> Mapping[str, Any]:
    return {
        "source": "aws.ec2",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "detail": {"instance-id": cloud.instance_id, "instance-action": "terminate"},
    }


PATHS: Mapping[str, Path] = {
    "training": Path(watched, {}, "running"),
    "launch": Path(lambda _: None, {}, "running"),
    "noticing": Path(_noticeable, {}, "running"),
    "ending": Path(completed_and_due, {}, "stopped"),
    "follow-up": Path(completed_and_due, {}, "stopped", lambda cloud: cloud.event("follow-up")),
    "terminating": Path(completed_and_due, {"on_complete": Action.TERMINATE}, "terminated"),
    "spot": Path(_persistent_spot, {"on_complete": Action.TERMINATE}, "terminated"),
    "deadline": Path(_late, {}, "stopped"),
    "idle": Path(_idle, {"idle": Idle("CPUUtilization", 5, 10)}, "stopped"),
    "stalled": Path(watched, {"stalled": Stalled(("checkpoints/*.pt",), 60)}, "stopped"),
    "progress": Path(_uploaded, {"stalled": Stalled(("checkpoints/*.pt",), 60)}, "running"),
    "silent box": Path(watched, {"box_reports": True}, "running"),
    "report": Path(_reported, {"box_reports": True}, "running"),
    "uploading": Path(_uploading, {}, "running"),
    "settling": Path(_stopped_by_hand, {}, "stopped"),
    "forcing": Path(_stuck, {}, "stopped"),
    "kept": Path(_kept, {"terminate_after_days": 1}, "terminated"),
    "s3 event": Path(_noticeable, {}, "running", lambda _: S3_EVENT),
    "spot warning": Path(watched, {}, "running", _spot_event),
    "first check": Path(lambda _: None, {"s3_events": True}, "running", lambda cloud: cloud.event("first-check")),
    "audit": Path(watched, {}, "running", lambda _: {"trigger": "audit"}),
    "repair": Path(_disarmed, {}, "running", lambda _: {"trigger": "audit"}),
    "removal": Path(watched, {}, "running", lambda cloud: cloud.event("first-check", tf={"action": "delete"})),
}
