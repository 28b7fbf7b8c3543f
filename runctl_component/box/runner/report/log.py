"""The log of one launch: what the command prints, on the disk as far as there is room, and its end in memory.

The command prints into a pipe, and not into the file itself: a full disk would be its own error then, and kill it. A
thread that does nothing else empties the pipe, so neither journald nor an upload ever holds the training up.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from contextlib import suppress

MAX_BYTES = 1 << 30
"""What the log may take of the disk, and no more than it leaves free: of what follows, only the end is kept."""
_END_BYTES = 1 << 16
_READ_BYTES = 1 << 20
_SET_PIPE_SIZE = 1031
_QUIET_SECONDS = 0.3


class Log:
    """Written by one thread, read by others."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        """Bytes on the disk."""
        self.left_out = 0
        """Bytes since the disk last took any."""
        self.end = b""
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self.size = os.fstat(self._file).st_size
        except OSError:
            self._file = -1

    def write(self, data: bytes) -> None:
        """Take it in: the disk's troubles are nobody's."""
        self.end = (self.end + data)[-_END_BYTES:]
        if self.left_out and not self._append(self.gap()):
            self.left_out += len(data)
            return
        self.left_out = 0
        written = self._append(data)
        self.left_out = len(data) - written

    def gap(self) -> bytes:
        """A line on what is missing."""
        return b"\n[runctl: %d bytes left out: no room on the disk]\n" % self.left_out

    def _append(self, data: bytes) -> int:
        """How much of it the disk has taken."""
        written = 0
        with suppress(OSError):
            while written < len(data) and self.size < min(MAX_BYTES, self._free()):
                taken = os.write(self._file, data[written:])
                written += taken
                self.size += taken
        return written

    def _free(self) -> int:
        disk = os.fstatvfs(self._file)
        return disk.f_bavail * disk.f_frsize

    def part(self, start: int, length: int) -> bytes:
        """Some of what is on the disk; empty where it cannot be read."""
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError:
            return b""

    def last_words(self) -> str:
        """The last line that is not empty."""
        lines = [line.strip() for line in self.end[-4096:].decode(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")[:200]


class LogReader:
    """Empties the pipe into which the command prints."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._out, self.into = os.pipe()
        with suppress(OSError):
            fcntl.fcntl(self.into, _SET_PIPE_SIZE, _READ_BYTES)
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        """Until the end of file, or until all is over and nothing comes any more."""
        while True:
            ready = select.select([self._out], [], [], _QUIET_SECONDS)[0]
            data = os.read(self._out, _READ_BYTES) if ready else b""
            self._log.write(data)
            if (ready and not data) or (self._over and not ready):
                return

    def finish(self, seconds: float) -> None:
        """Take in what is there, and no longer wait for what a leftover process may print one day."""
        self._over = True
        self._thread.join(seconds)
