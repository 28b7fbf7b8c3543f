"""Previews that say nothing, since there is nothing to say: all of one stack that is up."""

from __future__ import annotations

import compileall
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.deployed import Deployed, copy_of_the_program, said, touched

pytestmark = pytest.mark.xdist_group("quiet previews")


def test_the_second_preview_is_quiet(up: Deployed) -> None:
    assert said(up.engine.preview()) == []


def test_a_run_of_the_engine_leaves_no_temporary_files_behind(
    up: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its program leaves an archive to the end of its process, which the engine's caller does not wait for."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kept = set(up.engine.folder.rglob("*"))
    up.engine.preview()
    assert [path for path in set(up.engine.folder.rglob("*")) - kept if path.suffix in {".zip", ".txt"}] == []
    assert list(tmp_path.iterdir()) == []


def test_a_preview_from_another_path_with_a_space_is_quiet(up: Deployed, tmp_path: Path) -> None:
    program = copy_of_the_program(tmp_path / "a team's checkout")
    assert said(replace(up.engine, program=program, import_path=()).preview()) == []


def test_a_preview_from_another_working_directory_is_quiet(up: Deployed, tmp_path: Path) -> None:
    assert said(replace(up.engine, working_directory=tmp_path).preview()) == []


def test_a_preview_under_another_umask_is_quiet(up: Deployed, tmp_path: Path) -> None:
    program = copy_of_the_program(tmp_path / "checkout")
    for path in program.rglob("*.py"):
        path.chmod(0o600)
    assert said(replace(up.engine, program=program, import_path=(), umask=0o077).preview()) == []


def test_a_preview_with_compiled_files_and_what_editors_leave_behind_is_quiet(up: Deployed, tmp_path: Path) -> None:
    program = copy_of_the_program(tmp_path / "checkout")
    assert compileall.compile_dir(program, quiet=1)
    assert list(program.rglob("__pycache__"))
    (program / "monitor_runtime" / "handler.py~").write_text("old\n")
    assert said(replace(up.engine, program=program, import_path=()).preview()) == []


def test_a_changed_line_of_the_monitors_code_is_not_quiet(up: Deployed, tmp_path: Path) -> None:
    """So that the quiet ones are quiet for a reason."""
    program = copy_of_the_program(tmp_path / "checkout")
    handler = program / "monitor_runtime" / "handler.py"
    handler.write_text(f"{handler.read_text()}\n# changed\n")
    run = replace(up.engine, program=program, import_path=()).preview()
    assert touched(run) == {("update", "Function")}
    assert [step.changed for step in run.of("Function")] == [("code",)]
