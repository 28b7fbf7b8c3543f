"""The package in Python, as a type checker sees it that knows nothing but its annotations."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.languages.toolchains import ROOT

STRICT = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT)], "reportMissingTypeStubs": False}
PROGRAMS = sorted(
    path.relative_to(ROOT).as_posix()
    for each in ("examples", "templates")
    for path in (ROOT / each).rglob("__main__.py")
)


def _lines_with_errors(folder: Path) -> list[tuple[str, int]]:
    """Where the type checker finds an error: the file, relative to the folder, and the line."""
    (folder / "pyrightconfig.json").write_text(json.dumps(STRICT), encoding="utf-8")
    checker = [str(Path(sys.executable).parent / "basedpyright"), "--pythonpath", sys.executable, "--outputjson"]
    answer = subprocess.run(checker, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(answer.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(folder.rglob("*.py")))
    found = {(each["file"], each["range"]["start"]["line"] + 1) for each in report["generalDiagnostics"]}
    return sorted((Path(file).relative_to(folder).as_posix(), line) for file, line in found)


def test_the_examples_and_the_template_have_no_error_of_types(tmp_path: Path) -> None:
    for program in PROGRAMS:
        (tmp_path / program).parent.mkdir(parents=True)
        shutil.copy(ROOT / program, tmp_path / program)
    assert len(PROGRAMS) > 8
    assert _lines_with_errors(tmp_path) == []


def test_what_is_missing_misspelled_or_of_another_type_is_found_by_a_type_checker(tmp_path: Path) -> None:
    wrong = ["{}", '{"bucket": "outputs", "grace_period": 60}', '{"bucket": 1}', '{"bucket": "outputs", "idle": {}}']
    lines = ["from runctl_component import TrainingRun", *(f'TrainingRun("a", {args})' for args in wrong), ""]
    (tmp_path / "program.py").write_text("\n".join(lines), encoding="utf-8")
    assert _lines_with_errors(tmp_path) == [("program.py", line) for line in range(2, 6)]
