"""The monitor's code as a zip for Lambda: the same bytes on every machine with the same versions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from runctl_component.stored_zip import WrittenFile, own_source, stored_zip


class ArchiveError(RuntimeError):
    """Something that the monitor needs is not installed, or not installed in a way that it can be read."""


class Bundled(NamedTuple):
    """A package of the archive.

    ``distribution`` is empty for our own; ``without``: folders that are never imported; ``data``: files that are read.
    """

    package: str
    distribution: str = ""
    without: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


BUNDLED = (
    Bundled("monitor_runtime", data=("cloud/models/ec2/2016-11-15/service-2.json",)),
    Bundled("tenacity", "tenacity"),
    Bundled("aws_lambda_powertools", "aws-lambda-powertools", ("event_handler/", "utilities/")),
    Bundled("typing_extensions", "typing_extensions"),
)
"""boto3, botocore and what they need are in the Lambda runtime; typing_extensions, which Powertools needs, is not."""

_KEPT = ("aws_lambda_powertools/utilities/__init__.py", "aws_lambda_powertools/utilities/jmespath_utils/")


def build_archive_bytes() -> bytes:
    """The zip: the same bytes on every machine."""
    return stored_zip((name, own_source(path)) for name, path in _files())


def archive_size() -> int:
    """Bytes of the archive, which are not compressed: what Lambda unpacks is what is uploaded."""
    return len(_archive())


def archive_path() -> str:
    """The absolute path of a zip file that holds the archive, for `FileArchive`."""
    return _FILE.path()


@cache
def _archive() -> bytes:
    return build_archive_bytes()


_FILE = WrittenFile("monitor.zip", _archive)


def _files() -> Iterator[tuple[str, Path]]:
    for bundled in BUNDLED:
        yield from _sources(bundled)
        if bundled.distribution:
            yield from _licenses(bundled)


def _sources(bundled: Bundled) -> Iterator[tuple[str, Path]]:
    spec = find_spec(bundled.package)
    origin = Path(spec.origin) if spec and spec.origin else None
    if spec is None or origin is None or not origin.is_file():
        raise ArchiveError(_missing(bundled))
    if not spec.submodule_search_locations:
        yield origin.name, origin
        return
    for path in origin.parent.rglob("*.py"):
        name = path.relative_to(origin.parent.parent).as_posix()
        if _is_needed(bundled, name):
            yield name, path
    for data in bundled.data:
        yield f"{bundled.package}/{data}", origin.parent / data


def _is_needed(bundled: Bundled, name: str) -> bool:
    """Modules only: what editors, copies and compilers leave behind has names that cannot be imported."""
    left_out = tuple(f"{bundled.package}/{folder}" for folder in bundled.without)
    parts = name.removesuffix(".py").split("/")
    importable = all(part.isidentifier() and part != "__pycache__" for part in parts)
    return importable and (not name.startswith(left_out) or name.startswith(_KEPT))


def _licenses(bundled: Bundled) -> Iterator[tuple[str, Path]]:
    try:
        files = distribution(bundled.distribution).files
    except PackageNotFoundError as error:
        raise ArchiveError(_missing(bundled)) from error
    for file in files or ():
        if ".dist-info" in file.parts[0] and file.name.upper().startswith(("LICENSE", "NOTICE")):
            yield file.as_posix(), Path(str(file.locate()))


def _missing(bundled: Bundled) -> str:
    return (
        f"{bundled.package}: not found as Python files; the monitor's archive needs them; install runctl-component"
        " with its requirements into this environment, unpacked (no zipped or frozen application)"
    )
