"""A folder of code that a run brings along: which of its files, and the zip of them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from runctl_component.stored_zip import WrittenFile, stored_zip

MAX_CODE_BYTES = 100 * 2**20
"""It is read at each preview, and fetched into the memory of the instance."""
_LEFT_OUT = frozenset({".DS_Store", ".git", ".gitignore", "__pycache__"})
_OF_AN_ENVIRONMENT = "pyvenv.cfg"
_IGNORED = ".gitignore"
_SHOWN = 3
_KEY_DIGITS = 16
_UNREADABLE = "make the folder and its files readable"


class CodeError(ValueError):
    """A folder that cannot be brought along; ``found`` says why, ``fix`` what to do."""

    def __init__(self, found: str, fix: str) -> None:
        """``found`` and ``fix`` as in `Problem`."""
        self.found, self.fix = found, fix
        super().__init__(f"{found}; {fix}")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of the folder, as it was when it was listed."""

    name: str
    path: Path
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Code:
    """The zip of a folder."""

    sha256: str
    file: WrittenFile

    @property
    def key(self) -> str:
        """Where it lies below the run's prefix; other code has another key, so that it never changes under a box."""
        return f"runctl/code-{self.sha256[:_KEY_DIGITS]}.zip"


def code_of(folder: str) -> Code:
    """The same zip from the same files, on whichever machine.

    Raises:
        CodeError: when there is no such folder, or something in it cannot be brought along.
    """
    files = tuple(code_files(folder))
    try:
        return _zipped(files)
    except OSError as error:
        raise CodeError(str(error), _UNREADABLE) from error


@lru_cache(maxsize=16)
def _zipped(files: tuple[CodeFile, ...]) -> Code:
    def content() -> bytes:
        return stored_zip((file.name, file.path.read_bytes()) for file in files)

    return Code(hashlib.sha256(content()).hexdigest(), WrittenFile("code.zip", content))


def code_files(folder: str) -> list[CodeFile]:
    """The files that are brought along: those that git would not ignore, without virtual environments.

    Raises:
        CodeError: when there is no such folder, or something in it cannot be brought along.
    """
    root = Path(os.path.realpath(folder))
    if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        there = "a file" if os.path.exists(root) else "nothing"  # noqa: PTH110 - likewise
        raise CodeError(f"{there} at {root}", "name a folder that is there")
    try:
        files = [*_files(root, root, _ignored_around(root))]
    except OSError as error:
        raise CodeError(str(error), _UNREADABLE) from error
    if not files:
        raise CodeError(f"no files in {root}, but for what its .gitignore leaves out", "put the code there")
    if sum(file.size for file in files) > MAX_CODE_BYTES:
        largest = sorted(files, key=lambda file: file.size, reverse=True)[:_SHOWN]
        names = ", ".join(f"{file.name} ({file.size:,} bytes)" for file in largest)
        raise CodeError(
            f"{sum(file.size for file in files):,} bytes, the largest in {names}",
            "name what is no code in a .gitignore in the folder, and let the command fetch data from S3",
        )
    return files


class _Ignored(NamedTuple):
    """A .gitignore and the folder that it stands in."""

    folder: Path
    spec: GitIgnoreSpec

    @classmethod
    def of(cls, folder: Path) -> Iterator[_Ignored]:
        """Nothing where there is no such file."""
        path = folder / _IGNORED
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            yield cls(folder, GitIgnoreSpec.from_lines(filter(_is_pattern, lines)))


def _is_pattern(line: str) -> bool:
    """What means nothing to git, such as ``!`` alone, matches nothing."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _ignored_around(root: Path) -> tuple[_Ignored, ...]:
    """Those of the repository around a folder, the outermost first; a folder that they ignore was named on purpose."""
    repository = next((folder for folder in root.parents if (folder / ".git").exists()), None)
    if repository is None or (root / ".git").exists():
        return ()
    between = [folder for folder in reversed(root.parents) if folder.is_relative_to(repository)]
    around = tuple(ignored for folder in between for ignored in _Ignored.of(folder))
    steps = [*between[1:], root]
    return () if any(_is_ignored(step, around, is_folder=True) for step in steps) else around


def _files(folder: Path, root: Path, around: tuple[_Ignored, ...]) -> Iterator[CodeFile]:
    ignored = (*around, *_Ignored.of(folder))
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            path = folder / entry.name
            if entry.name in _LEFT_OUT or _is_ignored(path, ignored, is_folder=entry.is_dir()):
                continue
            if entry.is_dir() and not entry.is_symlink():
                if not (path / _OF_AN_ENVIRONMENT).exists():
                    yield from _files(path, root, ignored)
            else:
                yield _file(entry, path.relative_to(root).as_posix())


def _is_ignored(path: Path, ignored: tuple[_Ignored, ...], *, is_folder: bool) -> bool:
    """The innermost .gitignore that says something of it counts, as in git."""
    for folder, spec in reversed(ignored):
        if path.is_relative_to(folder) and path != folder:
            name = path.relative_to(folder).as_posix()
            verdict = spec.check_file(f"{name}/" if is_folder else name).include
            if verdict is not None:
                return verdict
    return False


def _file(entry: os.DirEntry[str], name: str) -> CodeFile:
    """A link to a file is that file; nothing else can be put into a zip, and nothing is left out in silence."""
    if not entry.is_file():
        what = "a link to a folder" if entry.is_dir() else "neither a file nor a folder"
        raise CodeError(f"{name} is {what}", "put a copy in its place, or name it in a .gitignore in the folder")
    if not name.isprintable():
        raise CodeError(f"a file named {name!a}", "rename it with printable characters")
    told = entry.stat()
    return CodeFile(name, Path(entry.path), told.st_size, told.st_mtime_ns)
