"""Objects that came as multipart uploads: S3 dates them back to when their upload began."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract import times


def multipart_digest(objects: Iterable[StoredObject]) -> str:
    """A few letters that are others when one of the multipart objects is another; empty without any."""
    told = sorted(
        {f"{times.format_time(entry.modified_at)} {entry.size} {entry.key}" for entry in objects if entry.multipart}
    )
    return sha256("\n".join(told).encode()).hexdigest()[:16] if told else ""
