"""S3: buckets, objects in them, and whom they notify."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from sandbox.aws.boto import client
from sandbox.engine.adapters.adapter import Adapter, Created, Inputs, Outputs, picked, tag_list, unless_missing


def _create_bucket(name: str, inputs: Inputs) -> Created:
    title = inputs.get("bucket") or f"{name}-{uuid.uuid4().hex[:7]}"
    client("s3").create_bucket(Bucket=title)
    _put_tags(title, inputs)
    return title, {"bucket": title, "arn": f"arn:aws:s3:::{title}"}


def _put_tags(title: str, inputs: Inputs) -> None:
    tags = tag_list(inputs.get("tags"))
    if tags:
        client("s3").put_bucket_tagging(Bucket=title, Tagging={"TagSet": tags})
    else:
        client("s3").delete_bucket_tagging(Bucket=title)


def _read_bucket(identity: str, known: Outputs) -> Outputs | None:
    del known
    found: Any = unless_missing(lambda: client("s3").head_bucket(Bucket=identity))
    return {"bucket": identity} if found else None


def _update_bucket(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_tags(identity, new)
    return {}


def _delete_bucket(identity: str, known: Outputs) -> None:
    del known
    client("s3").delete_bucket(Bucket=identity)


def _put_notification(_: str, inputs: Inputs) -> Created:
    events: dict[str, Any] = {"EventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
    client("s3").put_bucket_notification_configuration(Bucket=inputs["bucket"], NotificationConfiguration=events)
    return inputs["bucket"], {}


def _read_notification(identity: str, known: Outputs) -> Outputs | None:
    del known
    found: Any = unless_missing(lambda: client("s3").get_bucket_notification_configuration(Bucket=identity))
    return {"eventbridge": "EventBridgeConfiguration" in found} if found else None


def _update_notification(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_notification(identity, new)
    return {}


def _delete_notification(identity: str, known: Outputs) -> None:
    del known
    unless_missing(
        lambda: client("s3").put_bucket_notification_configuration(Bucket=identity, NotificationConfiguration={})
    )


def _put_object(_: str, inputs: Inputs) -> Created:
    body = Path(inputs["source"].path).read_bytes()
    named = {"contentType": "ContentType", "serverSideEncryption": "ServerSideEncryption", "kmsKeyId": "SSEKMSKeyId"}
    kind = picked(inputs, named)
    client("s3").put_object(Bucket=inputs["bucket"], Key=inputs["key"], Body=body, **kind)
    return inputs["key"], {}


def _read_object(identity: str, known: Outputs) -> Outputs | None:
    found: Any = unless_missing(lambda: client("s3").head_object(Bucket=known["bucket"], Key=identity))
    return {"key": identity} if found else None


def _update_object(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_object(identity, new)
    return {}


def _delete_object(identity: str, known: Outputs) -> None:
    client("s3").delete_object(Bucket=known["bucket"], Key=identity)


BUCKETS = {
    "aws:s3/bucketObjectv2:BucketObjectv2": Adapter(
        _put_object, _read_object, _delete_object, _update_object, not_in_moto=frozenset({"overrideProvider"})
    ),
    "aws:s3/bucket:Bucket": Adapter(_create_bucket, _read_bucket, _delete_bucket, _update_bucket),
    "aws:s3/bucketNotification:BucketNotification": Adapter(
        _put_notification, _read_notification, _delete_notification, _update_notification
    ),
}
