"""SDKs of the package, made of its schema by Pulumi's own generators, and what compiles programs that use them."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "provider" / "schema.json"
GO_MODULE = "github.com/your-organization/runctl-pulumi/sdk/go"
NODE_PACKAGE = "@your-organization/runctl"
_CANNOT_BE_FETCHED = 75


def go_sdk(folder: Path) -> Path:
    """A Go module with the SDK in it, in which programs can be put: each in a folder of its own."""
    _generate("go", folder)
    modules = (ROOT / "tools/engine/go.mod").read_text(encoding="utf-8")
    (folder / "go.mod").write_text(re.sub(r"^module .*$", f"module {GO_MODULE}", modules, flags=re.MULTILINE))
    shutil.copy(ROOT / "tools/engine/go.sum", folder)
    return folder


def node_sdk(folder: Path) -> Path:
    """A folder with the SDK among its ``node_modules``, compiled, in which programs can be put."""
    packages, sdk = node_modules(), folder / "sdk"
    _generate("nodejs", sdk)
    own = folder / "node_modules"
    own.mkdir()
    for package in packages.iterdir():
        (own / package.name).symlink_to(package)
    installed = own / NODE_PACKAGE
    installed.parent.mkdir()
    installed.symlink_to(sdk)
    assert type_errors(sdk) == ""
    # As its own script does once it is installed.
    shutil.copy(sdk / "package.json", sdk / "bin")
    return folder


def type_errors(folder: Path) -> str:
    """What is wrong with the files that the folder's tsconfig.json names; where nothing is, they are compiled."""
    compiler = [node(), str(node_modules() / "typescript" / "bin" / "tsc"), "--project", str(folder)]
    return subprocess.run(compiler, cwd=folder, capture_output=True, text=True, check=False, timeout=400).stdout


def checked(command: list[str], folder: Path) -> None:
    """Run a command that must succeed."""
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=400)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@cache
def got_once(script: str, *arguments: str, without: str) -> Path:
    """What a script gets once for each user. ``without``: why the test is skipped where it cannot be fetched."""
    command = ["/bin/sh", str(ROOT / script), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if answer.returncode == _CANNOT_BE_FETCHED:
        pytest.skip(without)
    assert answer.returncode == 0, answer.stderr
    return Path(answer.stdout.strip())


@cache
def node_modules() -> Path:
    """Packages for Node, once for each user."""
    node()
    if not shutil.which("npm"):
        pytest.skip("no npm on PATH: with it, programs in TypeScript are compiled here")
    return got_once(
        "tools/node/install.sh", without="no npm registry: where it can be reached, TypeScript is compiled here"
    )


def go() -> str:
    """Go itself."""
    found = shutil.which("go")
    if not found:
        pytest.skip("no Go on PATH: with it, SDKs are generated and programs compiled here")
    return found


def node() -> str:
    """Node.js itself."""
    found = shutil.which("node")
    if not found:
        pytest.skip("no Node.js on PATH: with it, programs in TypeScript are compiled here")
    return found


def _generate(language: str, folder: Path) -> None:
    go()
    without = "no Go modules: where they can be fetched, SDKs are generated here"
    generator = got_once("tools/build_go.sh", "engine", "sdk", without=without)
    checked([str(generator), language, str(SCHEMA), str(folder)], ROOT)
