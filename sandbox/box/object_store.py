"""S3 as a box sees it: moto's, over HTTP. The other services that a box calls are behind the same door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from moto.core.request import Request
from moto.s3.responses import S3Response
from types_boto3_s3 import S3Client
from werkzeug.wrappers import Response

from sandbox.box import aws_api
from sandbox.box.service import Service

REGION = "us-east-1"
_ENCRYPTION = "x-amz-server-side-encryption"
_REFUSALS = {403: ("AccessDenied", "Access Denied"), 503: ("SlowDown", "Please reduce your request rate.")}


class ObjectStore(Service):
    """One bucket. It is the one that boto3 sees under `moto.mock_aws` in this process, and exists while that is on."""

    def __init__(self, bucket: str) -> None:
        super().__init__()
        self.bucket = bucket
        self._client: S3Client = boto3.client("s3", region_name=REGION)  # pyright: ignore[reportUnknownMemberType]
        self._client.create_bucket(Bucket=bucket)
        self._encryption_is_required = False

    def require_encryption_header(self) -> None:
        """Refuse uploads that do not say how they are to be encrypted, as the policies of some buckets do."""
        self._encryption_is_required = True

    def heal(self) -> None:
        """Nothing fails any more, and every upload is taken."""
        super().heal()
        self._encryption_is_required = False

    def objects(self) -> dict[str, bytes]:
        """What is in the bucket: bodies by key."""
        return {key: self.object(key) for key in self.list_keys()}

    def list_keys(self) -> list[str]:
        """What is in the bucket, without bodies: one that is being replaced at the moment cannot be read."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [entry.get("Key", "") for page in pages for entry in page.get("Contents", [])]

    def object(self, key: str) -> bytes:
        """The body of an object."""
        return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def put(self, key: str, body: bytes) -> None:
        """Put an object there, whatever the service is told to do."""
        self._client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def remove(self, *keys: str) -> None:
        """Take objects away, if they are there."""
        for key in keys:
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def uploads(self) -> list[str]:
        """Keys, in the order of the uploads that were tried, whether they succeeded or not."""
        beginning = f"/{self.bucket}/"
        return [seen.path.removeprefix(beginning) for seen in self.seen if seen.method == "PUT"]

    def answer(self, request: Request) -> Response:
        """As S3 does, in path style, and for other services as these do."""
        service = aws_api.service_of(request)
        if aws_api.is_known(service):
            return aws_api.answer(service, request, REGION)
        if self._encryption_is_required and _is_upload(request) and _ENCRYPTION not in request.headers:
            return self.refusal(403)
        # moto takes the bucket from the name of the host, if that has a dot.
        request.environ["HTTP_HOST"] = "localhost"
        _, _, key = request.raw_path[1:].partition("/")
        dispatch = S3Response.key_dispatch if key else S3Response.ambiguous_dispatch
        answered: tuple[int, Mapping[str, Any], str | bytes] = dispatch(request, request.raw_url, dict(request.headers))
        status, headers, body = answered
        response = Response(body, status, {name: str(value) for name, value in headers.items()})
        if request.method == "HEAD" and "content-length" in headers:
            response.headers["Content-Length"] = str(headers["content-length"])
        return response

    def refusal(self, status: int) -> Response:
        """An error in S3's XML."""
        code, message = _REFUSALS[status]
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return Response(body, status, content_type="application/xml")


def _is_upload(request: Request) -> bool:
    """An object, or the beginning of one in parts: the parts themselves do not bear the header."""
    return (request.method == "PUT" and "uploadId" not in request.args) or "uploads" in request.args
