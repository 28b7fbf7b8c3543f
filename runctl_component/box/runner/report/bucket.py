"""The run's place in S3, as the AWS CLI of the image writes to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

OWN_CONFIGURATION = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
"""Keys and endpoints that a training leaves in ``~/.aws`` are for the training."""
_SHOWN_CHARACTERS = 300


class Bucket:
    """Uploads from memory: no disk is needed."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.aws = shutil.which("aws")
        """The CLI as it was found at the start, whatever the training installs."""
        self._place = f"s3://{settings['bucket']}/{settings['prefix']}"
        region = {"AWS_DEFAULT_REGION": str(settings["region"])}
        self._environment = {**os.environ, **OWN_CONFIGURATION, **region}

    def put(self, key: str, content: bytes, content_type: str, timeout_seconds: float) -> str:
        """Store an object; returns the reason when it could not, else an empty text."""
        words = ["s3", "cp", "--only-show-errors", "--content-type", content_type, "-", self._place + key]
        return self._call(words, content, timeout_seconds)[1]

    def version(self) -> tuple[str, str]:
        """The CLI's own words on itself, and the reason when it does not work."""
        return self._call(["--version"], b"", 60)

    def _call(self, words: list[str], content: bytes, timeout_seconds: float) -> tuple[str, str]:
        if self.aws is None:
            return "", "no AWS CLI: aws is not on the PATH of system services"
        try:
            done = subprocess.run(
                [self.aws, *words],
                input=content,
                env=self._environment,
                capture_output=True,
                check=False,
                timeout=timeout_seconds,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return "", str(error)[:_SHOWN_CHARACTERS]
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"aws ended with {done.returncode}"]
        return done.stdout.decode(errors="replace").strip(), said[-1][:_SHOWN_CHARACTERS] if done.returncode else ""
