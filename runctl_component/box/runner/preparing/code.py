"""The code of the run: fetched and unpacked into the working directory, once for each instance."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from typing import Any

from ..machine.aws_cli import Answer
from ..machine.files import KEPT, read, write
from ..machine.waiting import Interruption
from ..report.bucket import Bucket
from .patience import patiently

_GET_SECONDS = 300
_UNPACKED = f"{KEPT}/code"
"""Which code it was: what the training has changed since then is not undone at the next start."""
_MODE_SHIFT = 16


def unpack_code(settings: dict[str, Any], bucket: Bucket, interrupted: Interruption) -> str:
    """Returns why it is not there, else an empty text."""
    key, digest = settings.get("code", ""), settings.get("code_sha256", "")
    if not key or read(_UNPACKED) == digest:
        return ""

    def attempt() -> Answer:
        answer = bucket.get(key, _GET_SECONDS)
        if answer.reason or hashlib.sha256(answer.content).hexdigest() == digest:
            return answer
        return Answer(b"", "not the code that was uploaded for this run")

    answer = patiently(key, attempt, interrupted)
    if answer.reason:
        return f"code {key}: {answer.reason}"
    try:
        _unpack(answer.content)
    except OSError as error:
        return f"code {key}: {error}"
    write(_UNPACKED, digest)
    return ""


def _unpack(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            os.chmod(archive.extract(entry), entry.external_attr >> _MODE_SHIFT)
    # What is remembered as unpacked must be there after a lost host too.
    os.sync()
