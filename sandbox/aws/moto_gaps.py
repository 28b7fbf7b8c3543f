"""What moto answers otherwise than AWS does, mended at the boundary, so that the monitor meets AWS's behaviour."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.spot_requests import SpotInstanceRequest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import Subscription

from sandbox.aws.boto import client, parameters_of, session_events

ACCOUNT_ID: str = DEFAULT_ACCOUNT_ID


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    """One for all subscriptions: moto makes one for each, which takes as long as five of its requests."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def _key_of(_: Subscription) -> rsa.RSAPrivateKey:
    return _signing_key()


def _take_message(
    self: LambdaSimpleBackend,
    function_name: str,
    message: str,
    subject: str | None = None,
    qualifier: str | None = None,
) -> None:
    """As `invoke` of this backend, which runs nothing: its own goes to Docker all the same."""
    del subject
    self.invoke(function_name, qualifier, message, {}, {})


Subscription.private_key = cache(_key_of)
LambdaSimpleBackend.send_sns_message = _take_message


def mend(region: str) -> None:
    """Have every client of the new session see the mended answers. Call it within ``mock_aws``."""

    def with_spot_request(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        market = parameters_of(context).get("InstanceMarketOptions", {})
        if market.get("MarketType") == "spot":
            for launched in parsed.get("Instances", []):
                options = market.get("SpotOptions", {})
                launched["SpotInstanceRequestId"] = make_spot_request(launched["InstanceId"], options, region)

    events = session_events()
    events.register("after-call.ec2.RunInstances", with_spot_request)
    events.register("after-call.s3.GetBucketNotificationConfiguration", _tell_event_bridge)
    events.register("after-call.s3.ListMultipartUploads", _tell_upload_times)


def make_managed_policy_known(arn: str) -> None:
    """Moto knows AWS's own policies when it reads all 1,500 of them for each sandbox, or when it is told one by one.

    Raises:
        LookupError: for a policy that AWS does not have.
    """
    backend: Any = iam_backends[ACCOUNT_ID]["aws"]
    name = arn.rpartition("/")[2]
    known = _managed_policies()
    policy: Any = AWSManagedPolicy.from_data(name, ACCOUNT_ID, "us-east-1", known[name]) if name in known else None
    if policy is None or policy.arn != arn:
        raise LookupError(f"AWS has no managed policy {arn}")
    backend.managed_policies[arn] = policy


@cache
def _managed_policies() -> dict[str, Any]:
    return json.loads(aws_managed_policies_data)


_UPLOAD_TIMES: dict[str, datetime] = {}


def begin_upload(bucket: str, key: str, now: datetime) -> str:
    """Begin a multipart upload; moto tells the same time of 2010 for each."""
    upload_id = client("s3").create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    _UPLOAD_TIMES[upload_id] = now
    return upload_id


def open_spot_requests(region: str) -> Mapping[str, Any]:
    """The spot requests that were not cancelled, by id; a persistent one would launch another instance."""
    return ec2_backends[ACCOUNT_ID][region].spot_instance_requests


class _SpotRequest(SpotInstanceRequest):
    """The request of an instance that RunInstances has launched; moto's own would launch another."""

    def __init__(self, instance: Any, options: Mapping[str, str]) -> None:
        self._launched = instance
        super().__init__(
            instance.ec2_backend,
            f"sir-{uuid.uuid4().hex[:8]}",
            options.get("MaxPrice", ""),
            instance.image_id,
            options.get("SpotInstanceType", "one-time"),
            instance_type=instance.instance_type,
            subnet_id=instance.subnet_id,
            key_name=instance.key_name,
            instance_interruption_behaviour=options.get("InstanceInterruptionBehavior"),
            **dict.fromkeys(_LEFT_OUT),
            monitoring_enabled=False,
            security_groups=[],
            tags={},
        )

    def launch_instance(self) -> Any:
        """The one that is there."""
        return self._launched


_LEFT_OUT = (
    "valid_from",
    "valid_until",
    "launch_group",
    "availability_zone_group",
    "user_data",
    "placement",
    "kernel_id",
    "ramdisk_id",
    "spot_fleet_id",
)


class _OpenRequests(dict[str, Any]):
    """Moto takes a request that was cancelled out, and breaks on the next call that names it."""

    def pop(self, request_id: str) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What cancelling does."""
        if request_id not in self:
            message = f"The spot instance request ID '{request_id}' does not exist"
            raise EC2ClientError("InvalidSpotInstanceRequestID.NotFound", message)
        return super().pop(request_id)


def make_spot_request(instance_id: str, options: Mapping[str, str], region: str) -> str:
    """RunInstances makes a spot request too; moto makes none. Returns its id."""
    backend: Any = ec2_backends[ACCOUNT_ID][region]
    instance = backend.get_instance(instance_id)
    request: Any = _SpotRequest(instance, options)
    instance.spot_instance_request_id, instance.spot_instance_type = request.id, request.type
    backend.spot_instance_requests = _OpenRequests({**backend.spot_instance_requests, request.id: request})
    return request.id


def _tell_event_bridge(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    buckets: Any = s3_backends[ACCOUNT_ID]["aws"].buckets
    bucket = buckets.get(parameters_of(context)["Bucket"])
    configuration = bucket.notification_configuration if bucket else None
    if configuration is not None and configuration.event_bridge is not None:
        parsed["EventBridgeConfiguration"] = {}


def _tell_upload_times(parsed: dict[str, Any], **_: Any) -> None:
    for upload in parsed.get("Uploads", []):
        upload["Initiated"] = _UPLOAD_TIMES.get(upload["UploadId"], upload["Initiated"])
