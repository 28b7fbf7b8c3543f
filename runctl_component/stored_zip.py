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
_MODE_SHIFT = 16
_FILE, _PROGRAM = 0o100644, 0o100755
_PROGRAMS = (b"#!", b"\x7fELF")
"""What programs begin with. Not every machine knows which files are executable; the files themselves do."""


def stored_zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """The zip: sorted, not compressed, without the times and modes of the machine that builds it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, body in sorted(entries):
            archive.writestr(_entry(name, body), body)
    return content.getvalue()


def own_source(path: Path) -> bytes:
    """A file of this package, with the line ends that it has in the repository."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def _entry(name: str, body: bytes) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST_TIME)
    entry.create_system = _UNIX
    entry.external_attr = (_PROGRAM if body.startswith(_PROGRAMS) else _FILE) << _MODE_SHIFT
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
