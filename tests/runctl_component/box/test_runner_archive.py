"""The runner as the instance fetches it: whole, the same everywhere, and for the oldest Python of a box."""

from __future__ import annotations

import ast
import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from runctl_component.box.runner_archive import (
    INSTALLED,
    SOURCES,
    runner_archive,
    runner_digest,
    runner_key,
    runner_path,
)

FETCH = SOURCES.parent / "fetch_runner.py"


def _entries() -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(runner_archive())) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_all_that_its_room_holds() -> None:
    found = {path.name for path in SOURCES.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert found - {Path(name).name for name in _entries()} - set(INSTALLED) == set()
    assert set(INSTALLED.values()) <= set(_entries())


def test_the_file_holds_the_bytes_that_the_instance_checks_and_the_key_names() -> None:
    digest = hashlib.sha256(Path(runner_path()).read_bytes()).hexdigest()
    assert digest == runner_digest()
    assert runner_key("runs/a/") == f"runs/a/runctl/runner-{digest[:16]}.zip"


def test_every_module_is_one_that_python_3_9_knows() -> None:
    modules = [text for name, text in _entries().items() if name.endswith(".py")]
    assert len(modules) > 20
    for text in [*modules, FETCH.read_text()]:
        ast.parse(text, feature_version=(3, 9))


def test_it_is_a_program_that_needs_nothing_but_python(tmp_path: Path) -> None:
    program = tmp_path / "box"
    program.write_bytes(runner_archive())
    begun = subprocess.run(
        [sys.executable, "-I", "-S", program, "unknown"], capture_output=True, text=True, check=False, timeout=30
    )
    assert begun.stderr.splitlines()[-1] == "KeyError: 'unknown'"
