"""AWS's answers as the monitor's own values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from monitor_runtime.cloud.interface import CommandState
from monitor_runtime.cloud.pages import InstancePage, Page, PartPage, UploadMarker, UploadPage
from monitor_runtime.cloud.values import Instance, InstanceState, StateChange, StoredObject, Upload
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


def read_instance_page(answer: Mapping[str, Any]) -> InstancePage:
    """The answer of DescribeInstances, which has pages where that was asked for."""
    found = tuple(read_instance(entry) for group in answer["Reservations"] for entry in group["Instances"])
    return InstancePage(found, answer.get("NextToken") or None)


def read_outputs(answer: Mapping[str, Any]) -> Collection[str] | None:
    """The output places of the instances in an answer of DescribeInstances; None when it is not all of them."""
    if answer.get("NextToken"):
        return None
    return {instance.tags.get(names.TAG_OUTPUT, "") for instance in read_instance_page(answer).instances}


def read_object(answer: Mapping[str, Any]) -> StoredObject:
    """One entry of ListObjectsV2; botocore asks for URL encoding and decodes the key.

    A multipart upload's ETag ends with the number of its parts:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    modified_at = answer["LastModified"].astimezone(UTC)
    return StoredObject(answer["Key"], answer["Size"], modified_at, "-" in answer.get("ETag", ""))


def read_written_at(answer: Mapping[str, Any]) -> datetime:
    """LastModified of an object that was read; its connection is free again once the body has been read."""
    answer["Body"].read()
    return answer["LastModified"].astimezone(UTC)


def read_page(answer: Mapping[str, Any]) -> Page:
    """A page of ListObjectsV2: S3 returns keys, and the folders among them, in UTF-8's order, which is also Python's.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html
    """
    objects = tuple(read_object(entry) for entry in answer.get("Contents", []))
    folders = tuple(entry["Prefix"] for entry in answer.get("CommonPrefixes", []))
    return Page(objects, answer.get("NextContinuationToken"), folders)


def read_uploads(answer: Mapping[str, Any]) -> UploadPage:
    """A page of ListMultipartUploads, whose keys botocore does not decode."""
    decoded: Callable[[str], str] = unquote_plus if answer.get("EncodingType") == "url" else str
    uploads = tuple(
        Upload(decoded(entry["Key"]), entry["Initiated"].astimezone(UTC), entry["UploadId"])
        for entry in answer.get("Uploads", [])
    )
    if not answer.get("IsTruncated"):
        return UploadPage(uploads)
    return UploadPage(uploads, UploadMarker(decoded(answer["NextKeyMarker"]), answer["NextUploadIdMarker"]))


def read_parts(answer: Mapping[str, Any]) -> PartPage:
    """A page of ListParts."""
    newest_at = max((part["LastModified"].astimezone(UTC) for part in answer.get("Parts", [])), default=None)
    return PartPage(newest_at, answer["NextPartNumberMarker"] if answer.get("IsTruncated") else None)


def state_change(answer: Mapping[str, Any]) -> StateChange:
    """What StopInstances or TerminateInstances did to the one instance that it was asked about."""
    (changed,) = answer.get("StoppingInstances") or answer["TerminatingInstances"]
    return StateChange(InstanceState(changed["PreviousState"]["Name"]), InstanceState(changed["CurrentState"]["Name"]))


def command_state(answer: Mapping[str, Any]) -> CommandState:
    """The state of GetCommandInvocation; whatever is final and no success is a failure."""
    return _COMMAND_STATES.get(answer["Status"], CommandState.FAILED)


def bucket_region(location: str | None) -> str:
    """The region of GetBucketLocation, which has old names for the two oldest regions."""
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(location, location or "")
