"""What moto answers otherwise than AWS does, mended at the boundary, so that the monitor meets AWS's behaviour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends

from sandbox.boto import client, session_events

ACCOUNT_ID: str = DEFAULT_ACCOUNT_ID


def mend() -> None:
    """Give boto3 a new default session whose clients see the mended answers. Call it within ``mock_aws``."""
    boto3.setup_default_session()
    events = session_events()
    events.register("before-parameter-build.s3.*", _remember_bucket)
    events.register("after-call.s3.GetBucketNotificationConfiguration", _tell_event_bridge)
    events.register("after-call.s3.ListMultipartUploads", _tell_upload_times)


def restart(instance_id: str, region: str, now: datetime) -> None:
    """Start a stopped instance. In moto, LaunchTime stays where it was; in EC2 it moves on."""
    client("ec2").start_instances(InstanceIds=[instance_id])
    instance: Any = ec2_backends[ACCOUNT_ID][region].get_instance(instance_id)
    instance.launch_time = now.replace(tzinfo=None)
    instance._reason = ""  # noqa: SLF001


_UPLOAD_TIMES: dict[str, datetime] = {}


def begin_upload(bucket: str, key: str, now: datetime) -> str:
    """Begin a multipart upload; moto tells the same time of 2010 for each."""
    upload_id = client("s3").create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    _UPLOAD_TIMES[upload_id] = now
    return upload_id


def _remember_bucket(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["sandbox_bucket"] = params.get("Bucket")


def _tell_event_bridge(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    buckets: Any = s3_backends[ACCOUNT_ID]["aws"].buckets
    configuration = buckets[context["sandbox_bucket"]].notification_configuration
    if configuration is not None and configuration.event_bridge is not None:
        parsed["EventBridgeConfiguration"] = {}


def _tell_upload_times(parsed: dict[str, Any], **_: Any) -> None:
    for upload in parsed.get("Uploads", []):
        upload["Initiated"] = _UPLOAD_TIMES.get(upload["UploadId"], upload["Initiated"])
