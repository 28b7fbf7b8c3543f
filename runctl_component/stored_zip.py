"""Zip files with the same bytes on every machine, for what is uploaded: a changed byte would be a change to deploy."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

_EARLIEST_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16


def stored_zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """The zip: sorted, not compressed, without time, mode or line ends of the machine that builds it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, body in sorted(entries):
            archive.writestr(_entry(name), body.replace(b"\r\n", b"\n"))
    return content.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST_TIME)
    entry.create_system = _UNIX
    entry.external_attr = _MODE
    return entry


class WrittenFile:
    """A file with some content, for an asset or archive of Pulumi.

    It is in a folder of this process, which no other user can read or write, and is removed when the process exits.
    A process that lives for weeks may find that the system tidied the folder away: then there is a new one.
    """

    def __init__(self, name: str, content: Callable[[], bytes]) -> None:
        """``content``: its bytes, asked for when the file is written."""
        self._name, self._content = name, content
        self._writing = Lock()
        self._written: list[Path] = []

    def path(self) -> str:
        """The absolute path of the file, which is there."""
        with self._writing:
            path = next((path for path in self._written if path.exists()), None)
            if path is None:
                path = self._write()
                self._written.append(path)
            return str(path)

    def _write(self) -> Path:
        folder = tempfile.mkdtemp(prefix="runctl-")
        atexit.register(_remove, folder, os.getpid())
        path = Path(folder).resolve() / self._name
        path.write_bytes(self._content())
        return path


def _remove(folder: str, owner: int) -> None:
    """Not in a forked child: the folder is its parent's."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
