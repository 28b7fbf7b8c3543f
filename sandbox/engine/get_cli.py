"""``make engine``: a Pulumi CLI for this user, from the official installer or else built from its Go modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from pulumi.automation import PulumiCommand
from semver import VersionInfo

from sandbox.engine.cli import GO_MODULES, cache_folder, engine_version, find_engine, home_folder
from sandbox.long_program import run_long

INSTALLER = "https://get.pulumi.com/install.sh"
REACHED_WITHIN_SECONDS = 5
BUILT_WITHIN_SECONDS = 1800


class GetEngineError(RuntimeError):
    """A CLI can be had neither from the installer nor from its Go modules; the message says what is missing."""


def get_engine() -> Path:
    """The CLI that is there, or else a new one in the cache, whole or not at all.

    Raises:
        GetEngineError: when there is no way to get one.
    """
    found = find_engine()
    if found is not None:
        return found
    folder = cache_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".engine-", dir=folder.parent) as made:
        content = Path(made) / "engine"
        if not _install(content):
            _build(content)
        try:
            content.rename(folder)
        except OSError:
            # Somebody else was as quick, or what is there is broken, and of no use to anybody.
            if find_engine() is None:
                shutil.rmtree(folder)
                content.rename(folder)
    return folder / "bin" / "pulumi"


def _install(folder: Path) -> bool:
    """By the official installer, where the internet is reached."""
    try:
        with urllib.request.urlopen(INSTALLER, timeout=REACHED_WITHIN_SECONDS) as answer:
            answer.read(1)
    except (OSError, urllib.error.URLError):
        return False
    _say("installing the Pulumi CLI with its official installer")
    try:
        PulumiCommand.install(root=str(folder), version=VersionInfo.parse(engine_version()))
    except (OSError, subprocess.SubprocessError) as error:
        _say(f"the official installer failed ({error})")
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def _build(folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise GetEngineError(f"{INSTALLER} is not reached, and there is no Go (https://go.dev) to build the CLI with")
    version, programs = engine_version(), folder / "bin"
    _say(f"building the Pulumi CLI {version} from its Go modules, once: about 5 minutes on 2 cores")
    with tempfile.TemporaryDirectory(prefix="runctl-engine-") as modules:
        # Go wants to write to the folder of go.mod.
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(GO_MODULES / name, Path(modules) / name)
        programs.mkdir(parents=True)
        stamp = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"
        command = [go, "build", "-v", "-buildvcs=false", "-ldflags", f"-s -w {stamp}", "-o", f"{programs}/", "tool"]
        _run(command, Path(modules))


def _run(command: list[str], folder: Path) -> None:
    """The build: Go names each package that it has compiled."""
    begun_at = time.monotonic()
    try:
        code, lines = run_long(
            command,
            lambda seconds, packages, _: _say(f"building: {packages} packages after {seconds:.0f} s"),
            environment={**os.environ, "HOME": str(home_folder()), "GOWORK": "off"},
            within_seconds=BUILT_WITHIN_SECONDS,
            folder=folder,
        )
    except TimeoutError as error:
        raise GetEngineError(f"{error} The next try goes on from there") from error
    if code != 0:
        raise GetEngineError(f"go build failed: {lines[-1] if lines else ''}; are the Go modules reachable (GOPROXY)?")
    _say(f"built in {time.monotonic() - begun_at:.0f} s")


def _say(text: str) -> None:
    print(f"engine: {text}", flush=True)


def main() -> int:
    """Get the CLI, and say where it is."""
    try:
        _say(f"{get_engine()}")
    except (GetEngineError, OSError) as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
