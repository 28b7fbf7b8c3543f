"""What surrounds a box: the instance metadata service, and S3's API in front of moto's S3."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote

import boto3
from moto import mock_aws

BUCKET = "outputs"


@dataclass
class Surroundings:
    """Set up and looked at by tests. ``failing_uploads`` counts down those that S3 refuses."""

    s3: Any
    url: str = ""
    instance_id: str = "i-0aaaaaaaa"
    tags: dict[str, str] = field(default_factory=dict[str, str])
    metadata_answers: bool = True
    metadata_status: int = HTTPStatus.OK
    """Of the answers that follow on a token."""
    failing_uploads: int = 0
    refusal: int = HTTPStatus.SERVICE_UNAVAILABLE
    """How they are refused."""
    deployed: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Objects that `pulumi up` has put there, by key; not among those that are ``stored``."""
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """The answers to those who ask for a secret or a parameter, by ARN."""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    """Operations of other services than S3, with the options of the AWS CLI."""
    demands_encryption: str = ""
    """The method that every upload must name."""
    attempts: list[str] = field(default_factory=list[str])
    """Keys, in the order of the uploads that were tried."""

    def metadata(self) -> dict[str, str]:
        """What the metadata service tells, by path."""
        tags = {f"tags/instance/{key}": value for key, value in self.tags.items()}
        listed = {"tags/instance": "\n".join(self.tags)} if self.tags else {}
        return {"instance-id": self.instance_id, "ami-id": "ami-0aaaaaaaa", **tags, **listed}

    def stored(self) -> list[str]:
        """The keys of the objects that are there."""
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def read(self, key: str) -> bytes:
        """The body of an object."""
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


@contextmanager
def surroundings() -> Generator[Surroundings]:
    """An account with an empty bucket, and the addresses of both services."""
    with mock_aws():
        s3: Any = boto3.client("s3", region_name="us-east-1")  # pyright: ignore[reportUnknownMemberType]
        s3.create_bucket(Bucket=BUCKET)
        around = Surroundings(s3)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"around": around}))
        around.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield around
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    around: ClassVar[Surroundings]
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        if self.path == "/latest/api/token":
            self._answer(200 if self.around.metadata_answers else 403, b"token")
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bucket, _, key = unquote(self.path[1:]).partition("/")
        self.around.attempts.append(key)
        if self.headers["x-amz-server-side-encryption"] != (self.around.demands_encryption or None):
            self._answer(HTTPStatus.FORBIDDEN, b"")
            return
        if self.around.failing_uploads:
            self.around.failing_uploads -= 1
            self._answer(self.around.refusal, b"")
            return
        self.around.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=self.headers["Content-Type"])
        self._answer(200, b"")

    def do_GET(self) -> None:
        """An object, or IMDSv2: nothing without a token."""
        told = self.around.metadata()
        wanted = unquote(self.path).removeprefix("/latest/meta-data/")
        if wanted.startswith(f"/{BUCKET}/"):
            self._answer_object(wanted.removeprefix(f"/{BUCKET}/"))
        elif self.headers["X-aws-ec2-metadata-token"] != "token":
            self._answer(401, b"")
        elif self.around.metadata_status != HTTPStatus.OK:
            self._answer(self.around.metadata_status, b"<html>")
        elif wanted in told:
            self._answer(200, told[wanted].encode())
        else:
            self._answer(404, b"")

    def do_POST(self) -> None:
        """A call of another service than S3."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told: dict[str, str] = asked["parameters"]
        self.around.calls.append((asked["operation"], told))
        reference = told.get("secret-id", told.get("name", ""))
        if reference and reference not in self.around.secrets:
            self._answer(HTTPStatus.BAD_REQUEST, b"", Code="ResourceNotFoundException")
        else:
            self._answer(HTTPStatus.OK, json.dumps(self.around.secrets.get(reference, {})).encode())

    def do_HEAD(self) -> None:
        """An object that the AWS CLI is about to fetch."""
        self.do_GET()

    def _answer_object(self, key: str) -> None:
        self._answer(200 if key in self.around.deployed else 403, self.around.deployed.get(key, b""))

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""
