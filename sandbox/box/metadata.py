"""The instance metadata service as a box sees it, version 2: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from moto.core.request import Request
from werkzeug.wrappers import Response

from sandbox.box.object_store import REGION
from sandbox.box.service import Service

ROLE = "training"
_VERSION = re.compile(r"/(?:latest|20\d\d-\d\d-\d\d)/")
_LONGEST_TOKEN_SECONDS = 21_600


class MetadataService(Service):
    """What it tells of one instance.

    A token is needed for the latest version, but not for one with a date: cloud-init wants such a one, and asks for no
    token where no firmware says that it runs on EC2.
    """

    def __init__(self, *, instance_id: str, user_data: str, tags: Mapping[str, str]) -> None:
        super().__init__()
        self.instance_id = instance_id
        self._user_data = user_data
        self._tags = dict(tags)
        self._interruption: str | None = None
        self._tokens: dict[str, float] = {}

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Add tags to the instance, or change them."""
        self._tags = {**self._tags, **tags}

    def remove_tags(self, *names: str) -> None:
        """Take tags away."""
        self._tags = {name: value for name, value in self._tags.items() if name not in names}

    def remove_all_tags(self) -> None:
        """Take all tags away."""
        self._tags = {}

    def announce_interruption(self, after: timedelta = timedelta(minutes=2), action: str = "terminate") -> None:
        """Publish the notice of a spot interruption."""
        moment = (datetime.now(UTC) + after).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._interruption = json.dumps({"action": action, "time": moment})

    def answer(self, request: Request) -> Response:
        """As the real one, which gives what is asked for, or the names of what is below it."""
        if request.path == "/latest/api/token":
            return self._give_token(request)
        if not self._may_read(request):
            return self.refusal(401)
        wanted = _VERSION.sub("", request.path, count=1)
        values = self._values()
        if wanted in values:
            return Response(values[wanted], content_type="text/plain")
        names = _names_below(wanted.rstrip("/") + "/", values)
        return Response("\n".join(names), content_type="text/plain") if names else self.refusal(404)

    def refusal(self, status: int) -> Response:
        """An error, without words."""
        return Response("", status)

    def _give_token(self, request: Request) -> Response:
        lifetime = request.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if request.method != "PUT":
            return self.refusal(405)
        if not lifetime.isdecimal() or not 0 < int(lifetime) <= _LONGEST_TOKEN_SECONDS:
            return self.refusal(400)
        token = secrets.token_urlsafe()
        self._tokens[token] = time.monotonic() + int(lifetime)
        return Response(token, headers={"X-aws-ec2-metadata-token-ttl-seconds": lifetime})

    def _may_read(self, request: Request) -> bool:
        valid_until = self._tokens.get(request.headers.get("X-aws-ec2-metadata-token", ""), 0.0)
        return not request.path.startswith("/latest/") or time.monotonic() < valid_until

    def _values(self) -> dict[str, str]:
        told = {
            "ami-launch-index": "0",
            "iam/info": json.dumps(
                {"Code": "Success", "InstanceProfileArn": f"arn:aws:iam::123456789012:instance-profile/{ROLE}"}
            ),
            f"iam/security-credentials/{ROLE}": _credentials(),
            "instance-id": self.instance_id,
            "instance-type": "m7i.large",
            "local-hostname": "box",
            "placement/availability-zone": f"{REGION}a",
            "placement/region": REGION,
            **{f"tags/instance/{name}": value for name, value in self._tags.items()},
        }
        if self._interruption is not None:
            told["spot/instance-action"] = self._interruption
        document = json.dumps({"instanceId": self.instance_id, "region": REGION})
        return {
            **{f"meta-data/{name}": value for name, value in told.items()},
            "dynamic/instance-identity/document": document,
            "user-data": self._user_data,
        }


def _credentials() -> str:
    """Of the role, for the next hours."""
    now = datetime.now(UTC)
    return json.dumps(
        {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "SecretAccessKey": "testing",
            "Token": "testing",
            "LastUpdated": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Expiration": (now + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


def _names_below(folder: str, values: Mapping[str, str]) -> list[str]:
    """One level, folders with a slash at their end."""
    below = [path.removeprefix(folder) for path in values if path.startswith(folder)]
    return sorted({f"{name}{slash}" for name, slash, _ in (path.partition("/") for path in below)})
