"""The on-box files before the tools that a real box has: systemd, the AWS CLI, shellcheck."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runctl_component.box.user_data import Training, render_user_data

from .box import BIN, PREFIX, Box

RUNNER = Path(__file__).parents[2] / "runctl_component" / "box" / "runner"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def rendered() -> str:
    """User data with a command full of shell signs."""
    return render_user_data(
        Training(
            command="echo $unset 'it' \"is\"\n[ $x = ",
            environment={"ODD": "it's"},
            run="llama",
            bucket="outputs",
            prefix="",
            region="us-east-1",
        )
    )


def test_shellcheck_finds_nothing_in_the_runner() -> None:
    found = subprocess.run(
        [SHELLCHECK, RUNNER / "last-resort.sh"], capture_output=True, text=True, check=False, timeout=60
    )
    assert found.stdout + found.stderr == ""


def test_shellcheck_finds_nothing_in_the_user_data(tmp_path: Path) -> None:
    script = tmp_path / "user-data.sh"
    script.write_text(rendered())
    found = subprocess.run([SHELLCHECK, script], capture_output=True, text=True, check=False, timeout=60)
    assert found.stdout + found.stderr == ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze, from the package systemd")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    units = [path for path in RUNNER.iterdir() if path.suffix in {".service", ".timer"}]
    for unit in units:
        text = unit.read_text().replace("/usr/local/lib/runctl/last-resort.sh", "/dev/null")
        (tmp_path / unit.name).write_text(text)
    found = subprocess.run(
        ["/usr/bin/env", "systemd-analyze", "verify", *(tmp_path / unit.name for unit in units)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (len(units), found.returncode, found.stdout + found.stderr) == (3, 0, "")


def real_aws() -> str | None:
    """The folder of an AWS CLI that starts, not of a wrapper for one that is not there."""
    path = shutil.which("aws")
    works = path and subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    return str(Path(path).parent) if path and works else None


def test_the_real_aws_cli_takes_the_uploads(box: Box, tmp_path: Path) -> None:
    folder = real_aws()
    if folder is None:
        pytest.skip("needs the AWS CLI on PATH: pip install awscli")
    (tmp_path / "systemctl").symlink_to(BIN / "systemctl")
    box.path = f"{tmp_path}:{folder}:{os.environ['PATH']}"
    box.first_boot("echo trained")
    box.run()
    _, log, marker = box.around.attempts
    assert (box.around.read(log), marker) == (b"trained\n", f"{PREFIX}training_complete.txt")
