"""What moto answers otherwise than AWS does, mended at the boundary, so that the monitor meets AWS's behaviour."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends

from sandbox.boto import client, session_events

ACCOUNT_ID: str = DEFAULT_ACCOUNT_ID


def mend(region: str) -> None:
    """Give boto3 a new default session whose clients see the mended answers. Call it within ``mock_aws``."""

    def make_spot_request(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        market = context.get("sandbox_parameters", {}).get("InstanceMarketOptions", {})
        if market.get("MarketType") == "spot":
            for launched in parsed.get("Instances", []):
                _make_spot_request(launched, market.get("SpotOptions", {}), region)

    boto3.setup_default_session()
    client.cache_clear()
    events = session_events()
    events.register("before-parameter-build.s3.*", _remember)
    events.register("before-parameter-build.ec2.RunInstances", _remember)
    events.register("after-call.ec2.RunInstances", make_spot_request)
    events.register("after-call.s3.GetBucketNotificationConfiguration", _tell_event_bridge)
    events.register("after-call.s3.ListMultipartUploads", _tell_upload_times)


_UPLOAD_TIMES: dict[str, datetime] = {}


def begin_upload(bucket: str, key: str, now: datetime) -> str:
    """Begin a multipart upload; moto tells the same time of 2010 for each."""
    upload_id = client("s3").create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    _UPLOAD_TIMES[upload_id] = now
    return upload_id


def open_spot_requests(region: str) -> Mapping[str, Any]:
    """The spot requests that were not cancelled, by id; a persistent one would launch another instance."""
    return ec2_backends[ACCOUNT_ID][region].spot_instance_requests


def _make_spot_request(launched: dict[str, Any], options: Mapping[str, str], region: str) -> None:
    """RunInstances makes a spot request too; moto makes none."""
    backend: Any = ec2_backends[ACCOUNT_ID][region]
    instance = backend.get_instance(launched["InstanceId"])
    request = SimpleNamespace(
        id=f"sir-{uuid.uuid4().hex[:8]}", type=options.get("SpotInstanceType", "one-time"), instance=instance
    )
    instance.spot_instance_request_id, instance.spot_instance_type = request.id, request.type
    backend.spot_instance_requests[request.id] = request
    launched["SpotInstanceRequestId"] = request.id


def _remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["sandbox_parameters"] = dict(params)


def _tell_event_bridge(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    buckets: Any = s3_backends[ACCOUNT_ID]["aws"].buckets
    configuration = buckets[context["sandbox_parameters"]["Bucket"]].notification_configuration
    if configuration is not None and configuration.event_bridge is not None:
        parsed["EventBridgeConfiguration"] = {}


def _tell_upload_times(parsed: dict[str, Any], **_: Any) -> None:
    for upload in parsed.get("Uploads", []):
        upload["Initiated"] = _UPLOAD_TIMES.get(upload["UploadId"], upload["Initiated"])
