"""The wheel, as a team installs it: the same resources and the same archive as from the checkout."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runctl_component import __version__
from runctl_component.monitor.archive import build_archive_bytes

pytestmark = pytest.mark.xdist_group("packaging")

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import hashlib, json, sys
import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func
import asyncio

import runctl_component
from runctl_component import TrainingRun
from runctl_component.monitor.archive import build_archive_bytes

class Recorder(mocks.Mocks):
    def __init__(self):
        self.seen = []
    def call(self, args):
        return {"partition": "aws", "region": "us-east-1", "accountId": "123456789012", "insecureValue": "ami-1"}
    def new_resource(self, args):
        self.seen.append([args.typ, args.name])
        made = {"arn": "arn:aws:any:us-east-1:123456789012:x", "name": args.name, "url": "https://q", "privateIp": "1"}
        return "i-0123456789abcdef0", {**made, **args.inputs}

async def program():
    TrainingRun("llama-ft", {"bucket": "outputs", "command": "python train.py"})

recorder = Recorder()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
mocks.set_mocks(recorder, project="team", stack="dev")
loop.run_until_complete(run_pulumi_func(program))
loop.close()
print(json.dumps({
    "file": runctl_component.__file__,
    "resources": sorted(recorder.seen),
    "archive": hashlib.sha256(build_archive_bytes()).hexdigest(),
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    install = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(
        [str(Path(sys.executable).parent / install[0]), *install[1:]], check=True, capture_output=True, timeout=120
    )
    return target


def _evaluated(path: Path, folder: Path) -> dict[str, Any]:
    program = folder / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-P", str(program)],
        cwd=folder,
        env={"PYTHONPATH": f"{path}:{sysconfig.get_path('purelib')}", "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(answer.stdout.splitlines()[-1])


def test_the_installed_wheel_yields_the_same_resources_as_the_checkout(installed: Path, tmp_path: Path) -> None:
    from_wheel, from_checkout = _evaluated(installed, tmp_path), _evaluated(ROOT, tmp_path)
    assert Path(from_wheel["file"]).is_relative_to(installed)
    assert from_wheel["resources"] == from_checkout["resources"]
    assert len(from_wheel["resources"]) > 20


def test_the_installed_wheel_builds_the_same_archive_as_the_checkout(installed: Path, tmp_path: Path) -> None:
    assert _evaluated(installed, tmp_path)["archive"] == hashlib.sha256(build_archive_bytes()).hexdigest()


@pytest.mark.parametrize("package", ["runctl_component", "monitor_runtime"])
def test_both_packages_are_typed(installed: Path, package: str) -> None:
    assert (installed / package / "py.typed").is_file()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    folder = tmp_path_factory.mktemp("sdist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / sdist.name.removesuffix(".tar.gz")


def test_nothing_but_what_a_build_needs_is_in_the_source_distribution(unpacked: Path) -> None:
    assert {entry.name for entry in unpacked.iterdir()} == {
        *("runctl_component", "monitor_runtime"),
        *("README.md", "CHANGELOG.md", "LICENSE", "NOTICE", "pyproject.toml", "PKG-INFO", ".gitignore"),
    }


def test_the_wheel_of_the_source_distribution_has_the_files_of_the_wheel_of_the_checkout(
    unpacked: Path, installed: Path, tmp_path: Path
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=unpacked, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    (of_the_checkout,) = installed.parent.glob("*.whl")
    assert zipfile.ZipFile(wheel).namelist() == zipfile.ZipFile(of_the_checkout).namelist()


def test_the_version_is_the_newest_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == __version__


def test_every_release_says_whether_it_replaces_instances() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    assert all("- **Replaces instances**: " in release for release in releases)


def test_an_installed_package_has_the_metadata_that_an_index_shows(installed: Path) -> None:
    (folder,) = installed.glob("runctl_component-*.dist-info")
    metadata = (folder / "METADATA").read_text(encoding="utf-8")
    assert f"\nVersion: {__version__}\n" in metadata
    for field in ("Summary", "License-Expression", "Requires-Python", "Keywords", "Classifier"):
        assert f"\n{field}: " in metadata


def test_the_wheel_has_the_status_command_and_names_what_it_needs(installed: Path) -> None:
    assert (installed / "runctl_component" / "status" / "__main__.py").is_file()
    (metadata,) = installed.glob("runctl_component-*.dist-info/METADATA")
    extra = re.findall(r"Requires-Dist: (\w+).*extra == 'status'", metadata.read_text(encoding="utf-8"))
    assert extra == ["rich", "typer"]


def test_nothing_but_the_two_packages_is_in_the_wheel(installed: Path) -> None:
    found = {entry.name for entry in installed.iterdir() if not entry.name.endswith(".dist-info")}
    assert found - {".lock", "bin"} == {"runctl_component", "monitor_runtime"}
