"""The way of a log to S3, in parts: what is there already is not sent again, however long the log is."""

from __future__ import annotations

import threading
import time

from ..machine.files import say
from .bucket import Bucket
from .log import Log

INTERVAL_SECONDS = 300.0
PART_BYTES = 8_000_000
"""The last part is sent again as it grows. The AWS CLI sends what is smaller than 8 MiB as one request."""
_PUT_SECONDS = 120


class LogUpload:
    """Objects ``name-00001.log`` and on, below the run's prefix."""

    def __init__(self, log: Log, bucket: Bucket, name: str) -> None:
        self._log, self._bucket, self._name = log, bucket, name
        self._whole = 0
        """Parts that are full and stored."""
        self._stored = 0
        """Bytes that are stored."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._now_and_then, daemon=True)

    def begin(self) -> None:
        """From now on, store what is new every few minutes."""
        self._thread.start()

    def _now_and_then(self) -> None:
        while not self._over.wait(INTERVAL_SECONDS):
            self.store(INTERVAL_SECONDS)

    def key(self, part: int) -> str:
        """Of a part, counted from 1."""
        return f"{self._name}-{part:05}.log"

    def store(self, seconds: float) -> bool:
        """Store what is new, within about that time; whether all of it is stored."""
        give_up = time.monotonic() + seconds
        while self._stored < self._log.size:
            start = self._whole * PART_BYTES
            content = self._log.part(start, PART_BYTES)
            remaining = min(_PUT_SECONDS, give_up - time.monotonic())
            if remaining <= 0 or not content or self._put(self._whole + 1, content, remaining):
                return False
            self._stored = start + len(content)
            self._whole += len(content) == PART_BYTES
        return True

    def finish(self, seconds: float) -> None:
        """Store the rest and, where the disk did not take all, at least the end."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        stored = self.store(seconds)
        if self._log.left_out:
            self._put(self._whole + 2, self._log.gap() + self._log.end, seconds)
        if not stored:
            say(f"the log is not in S3, or not all of it; it is in {self._log.path}")

    def _put(self, part: int, content: bytes, seconds: float) -> str:
        return self._bucket.put(self.key(part), content, "text/plain", seconds)
