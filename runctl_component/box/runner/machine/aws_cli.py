"""The AWS CLI of the image."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any, NamedTuple

OWN_CONFIGURATION = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
"""Keys and endpoints that a training leaves in ``~/.aws`` are for the training."""
_SHOWN_CHARACTERS = 300


class Answer(NamedTuple):
    """What a call gave; ``reason`` says why it failed, and is empty when it did not."""

    content: bytes
    reason: str


class AwsCli:
    """Called with the role of the instance alone."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._program = shutil.which("aws")
        """As it was found at the start, whatever the training installs."""
        region = {"AWS_DEFAULT_REGION": str(settings["region"])}
        self._environment = {**os.environ, **OWN_CONFIGURATION, **region}

    def call(self, words: list[str], timeout_seconds: float, given: bytes = b"") -> Answer:
        """Run ``aws`` with these words; ``given`` is what it reads."""
        if self._program is None:
            return Answer(b"", "no AWS CLI: aws is not on the PATH of system services")
        try:
            done = subprocess.run(
                [self._program, *words],
                input=given,
                env=self._environment,
                capture_output=True,
                check=False,
                timeout=timeout_seconds,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return Answer(b"", str(error)[:_SHOWN_CHARACTERS])
        if not done.returncode:
            return Answer(done.stdout, "")
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"aws ended with {done.returncode}"]
        return Answer(b"", said[-1][:_SHOWN_CHARACTERS])
