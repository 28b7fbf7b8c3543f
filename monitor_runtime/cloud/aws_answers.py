"""AWS's answers as the monitor's own values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from monitor_runtime.cloud.interface import CommandState, UploadMarker, UploadPage
from monitor_runtime.cloud.values import Instance, InstanceState, StoredObject, Upload
from monitor_runtime.contract import names

_REASON_TIME = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")
_COMMAND_STATES = {
    "Pending": CommandState.RUNNING,
    "InProgress": CommandState.RUNNING,
    "Delayed": CommandState.RUNNING,
    "Cancelling": CommandState.RUNNING,
    "Success": CommandState.SUCCEEDED,
}


def read_instance(answer: Mapping[str, Any]) -> Instance:
    """One entry of DescribeInstances."""
    reason = _REASON_TIME.search(answer.get("StateTransitionReason") or "")
    return Instance(
        instance_id=answer["InstanceId"],
        state=InstanceState(answer["State"]["Name"]),
        launched_at=answer["LaunchTime"].astimezone(UTC),
        tags={tag["Key"]: tag.get("Value", "") for tag in answer.get("Tags", [])},
        spot_request_id=answer.get("SpotInstanceRequestId") or None,
        state_changed_at=datetime.fromisoformat(f"{reason[1]}+00:00") if reason else None,
    )


def read_instances(answer: Mapping[str, Any]) -> list[Instance]:
    """The answer of DescribeInstances."""
    return [read_instance(entry) for group in answer["Reservations"] for entry in group["Instances"]]


def read_outputs(answer: Mapping[str, Any]) -> Collection[str] | None:
    """The output places of the instances in an answer of DescribeInstances; None when it is not all of them."""
    if answer.get("NextToken"):
        return None
    return {instance.tags.get(names.TAG_OUTPUT, "") for instance in read_instances(answer)}


def read_object(answer: Mapping[str, Any]) -> StoredObject:
    """One entry of ListObjectsV2; botocore asks for URL encoding and decodes the key.

    A multipart upload's ETag ends with the number of its parts:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    modified_at = answer["LastModified"].astimezone(UTC)
    return StoredObject(answer["Key"], answer["Size"], modified_at, "-" in answer.get("ETag", ""))


def read_uploads(answer: Mapping[str, Any]) -> UploadPage:
    """A page of ListMultipartUploads, whose keys botocore does not decode."""
    decoded: Callable[[str], str] = unquote_plus if answer.get("EncodingType") == "url" else str
    uploads = tuple(
        Upload(decoded(entry["Key"]), entry["Initiated"].astimezone(UTC)) for entry in answer.get("Uploads", [])
    )
    if not answer.get("IsTruncated"):
        return UploadPage(uploads)
    return UploadPage(uploads, UploadMarker(decoded(answer["NextKeyMarker"]), answer["NextUploadIdMarker"]))


def command_state(answer: Mapping[str, Any]) -> CommandState:
    """The state of GetCommandInvocation; whatever is final and no success is a failure."""
    return _COMMAND_STATES.get(answer["Status"], CommandState.FAILED)


def bucket_region(location: str | None) -> str:
    """The region of GetBucketLocation, which has old names for the two oldest regions."""
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(location, location or "")
