"""What the tests themselves count on: that those of one group run in one worker, whatever versions do the work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
import os
import pytest

@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(8))
def test_writes_its_process(number):
    with open("processes", "a") as file:
        file.write(f"{os.getpid()}\\n")
"""


def test_the_tests_of_a_group_share_a_worker(tmp_path: Path) -> None:
    (tmp_path / "test_together.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--numprocesses", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    processes = (tmp_path / "processes").read_text(encoding="utf-8").split()
    assert (len(processes), len(set(processes))) == (8, 1)
