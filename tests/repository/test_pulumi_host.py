"""The environment of the repository's own program as Pulumi's Python host treats it, by the host's own Go code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.languages.toolchains import got_once

ROOT = Path(__file__).resolve().parents[2]
OF_THE_SET_UP = ("Makefile", "Pulumi.yaml", "pyproject.toml", "requirements.txt", "tools/setup.sh")
BROUGHT_BY_THE_HOST = {"setuptools", "wheel"}
"""It upgrades these and pip before it installs what is locked, pip among it."""
SMALL = ("packaging", "pip", "six", "tenacity", "typing-extensions", "uv")
"""Enough for a set-up: what takes long is another package, and no other step."""

pytestmark = pytest.mark.skipif(
    not shutil.which("go"), reason="no Go on PATH: with it, Pulumi's own code sets up the environment here"
)


class _Project:
    """What of the repository its set-up needs, in a folder of its own."""

    def __init__(self, root: Path, host: Path) -> None:
        self.root = root
        self._host = host
        tools = root / "tools-on-path"
        tools.mkdir(parents=True)
        (tools / "uv").symlink_to(Path(sys.executable).parent / "uv")
        self._environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        for name in OF_THE_SET_UP:
            (root / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, root / name)

    def lock_only(self, *names: str) -> None:
        """Keep some of the locked packages alone."""
        lock = self.root / "requirements.txt"
        entries = re.findall(r"^[\w.-]+==.*(?:\n    .*)*\n", lock.read_text(encoding="utf-8"), re.MULTILINE)
        lock.write_text("".join(entry for entry in entries if entry.partition("==")[0] in names), encoding="utf-8")

    def locked(self) -> dict[str, str]:
        """The packages of the lock file that are for this platform, which none is that has a marker."""
        lines = (self.root / "requirements.txt").read_text(encoding="utf-8").splitlines()
        return dict(re.findall(r"^([\w.-]+)==(\S+) \\$", "\n".join(lines), re.MULTILINE))

    def make_setup(self) -> str:
        return self._run("make", "--no-print-directory", "setup")

    def pulumi_install(self) -> None:
        self._run(str(self._host), "install", str(self.root))

    def packages(self) -> dict[str, str]:
        """As the host lists them, which it does before each preview."""
        listed: list[dict[str, str]] = json.loads(self._run(str(self._host), "list", str(self.root)))
        return {entry["Name"]: entry["Version"] for entry in listed}

    def _run(self, *command: str) -> str:
        answer = subprocess.run(
            command, cwd=self.root, env=self._environment, capture_output=True, text=True, check=False, timeout=400
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


@pytest.fixture
def project(tmp_path: Path) -> _Project:
    without = "no Go modules: where they can be fetched, Pulumi's own code sets up the environment here"
    host = got_once("tools/build_go.sh", "host", without=without)
    fetched = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path), "wheel"]
    if subprocess.run(fetched, capture_output=True, check=False, timeout=120).returncode != 0:
        pytest.skip("no package index: where one can be reached, Pulumi's own code sets up the environment here")
    return _Project(tmp_path / "a project", host)


def test_pulumi_install_leaves_what_make_setup_made_and_is_left_by_it(project: _Project) -> None:
    assert "setting up: done" in project.make_setup()
    made = project.packages()
    assert project.locked().items() <= made.items()
    project.pulumi_install()
    installed = project.packages()
    assert installed.items() - made.items() == {(name, installed[name]) for name in BROUGHT_BY_THE_HOST - made.keys()}
    assert made.items() <= installed.items()
    assert project.make_setup() == ""
    assert project.packages() == installed


def test_make_setup_comes_to_the_same_after_pulumi_install_and_both_may_be_repeated(project: _Project) -> None:
    project.lock_only(*SMALL)
    locked = project.locked()
    assert set(locked) == set(SMALL)
    project.pulumi_install()
    by_the_host = project.packages()
    assert {name: version for name, version in by_the_host.items() if name not in BROUGHT_BY_THE_HOST} == locked
    assert "setting up: done" in project.make_setup()
    assert project.packages() == locked
    project.pulumi_install()
    assert project.packages() == by_the_host
    assert project.make_setup() == ""
