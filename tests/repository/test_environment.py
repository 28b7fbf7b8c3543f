"""The environment of the repository's own program: one that Pulumi's Python host accepts, with the locked packages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("environment")

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements.txt"


def _pip(*arguments: str) -> str:
    """What pip prints, run as Pulumi's host runs it: as a module of the environment's own Python."""
    command = [sys.executable, "-m", "pip", *arguments]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def installed() -> dict[str, str]:
    entries: list[dict[str, str]] = json.loads(_pip("list", "--format", "json", "--disable-pip-version-check"))
    return {entry["name"].lower().replace("_", "-"): entry["version"] for entry in entries}


@pytest.mark.parametrize("package", ["pulumi", "pulumi-aws", "boto3", "tenacity", "pip"])
def test_the_host_finds_the_locked_version_of_each_package(installed: dict[str, str], package: str) -> None:
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE))
    assert installed[package] == locked[package]


def test_what_pulumi_install_installs_is_what_make_setup_installed() -> None:
    """``pulumi install`` runs ``pip install -r requirements.txt``: here nothing is left for it to do."""
    printed = _pip("install", "--dry-run", "--no-index", "--disable-pip-version-check", "-r", "requirements.txt")
    assert "Would install" not in printed
    assert printed.count("Requirement already satisfied") > 80


def test_the_environment_is_the_one_that_the_project_names() -> None:
    named = re.search(r"virtualenv: (\S+)", (ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert named
    assert named[1] == Path(sys.prefix).relative_to(ROOT).as_posix()
