"""The shell scripts of the tree; those of the runner have a test of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [
    *sorted(path for folder in ("sandbox", "tools") for path in (ROOT / folder).rglob("*.sh")),
    *(ROOT / name for name in (".ci/run", "tools/box/root/usr/local/bin/aws")),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shellcheck_finds_nothing(script: Path) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    found = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False, timeout=60)
    assert found.stdout + found.stderr == ""
