"""The shell scripts of a box."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = [*sorted((ROOT / "sandbox" / "box").glob("*.sh")), ROOT / "tools/box/root/usr/local/bin/aws"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    found = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False, timeout=60)
    assert found.stdout + found.stderr == ""
