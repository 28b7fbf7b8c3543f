"""The run's place in S3."""

from __future__ import annotations

from typing import Any

from ..machine.aws_cli import Answer, AwsCli


class Bucket:
    """Objects below the run's prefix. They come from memory and go there: no disk is needed."""

    def __init__(self, settings: dict[str, Any], aws: AwsCli) -> None:
        self._aws = aws
        self._place = f"s3://{settings['bucket']}/{settings['prefix']}"
        encryption = settings.get("encryption", {})
        named = (("--sse", encryption.get("method")), ("--sse-kms-key-id", encryption.get("key")))
        self._encryption = [word for name, value in named if value for word in (name, value)]

    def put(self, key: str, content: bytes, content_type: str, timeout_seconds: float) -> str:
        """Store an object; returns the reason when it could not, else an empty text."""
        words = ["s3", "cp", "--only-show-errors", "--content-type", content_type, *self._encryption, "-"]
        return self._aws.call([*words, self._place + key], timeout_seconds, content).reason

    def get(self, key: str, timeout_seconds: float) -> Answer:
        """The content of an object."""
        return self._aws.call(["s3", "cp", "--only-show-errors", self._place + key, "-"], timeout_seconds)
