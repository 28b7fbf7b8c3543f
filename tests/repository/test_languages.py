"""What is said of languages, in the README and on their page: each claim has its test. And all examples are one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from runctl_component import __version__
from runctl_component.provider.package import LANGUAGES, NAME, REPOSITORY

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples" / "languages"
PROGRAMS = {"yaml": "Pulumi.yaml", "typescript": "index.ts", "go": "main.go"}
PLUGIN = f"{REPOSITORY.removeprefix('https://')}.git/provider@{__version__}"


def _table() -> Mapping[tuple[str, str], str]:
    """The cells of the README's table, by row and language."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.partition("## What works in which language\n")[2].partition("\n## ")[0]
    header, _, *rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {(row[0], language): cell for row in rows for language, cell in zip(header, row[1:], strict=True)}


TABLE = _table()
CELL = re.compile(r'\[(runs|compiles|compiler|type checker)\]\((tests/[\w/]+\.py) "(test_\w+)"\)')
PROVEN = {where: found.groups() for where, cell in TABLE.items() if (found := CELL.fullmatch(cell))}


def test_each_cell_of_the_readme_names_its_test_or_says_that_nothing_was_tried() -> None:
    assert {where: cell for where, cell in TABLE.items() if where not in PROVEN and cell != "not tried"} == {}
    assert len(TABLE) == 35
    assert {language for _, language in PROVEN} == {"Python", "YAML", "TypeScript", "Go"}


def test_each_cell_is_proven_in_its_language_and_on_an_engine_if_it_says_so() -> None:
    for (_, language), (word, file, _) in PROVEN.items():
        named = re.search(r"test_(yaml|typescript|go)", file)
        assert (named[1] if named else "python") == language.lower()
        assert (word == "runs") is bool(re.search(r"\b(find|require)_engine\b", _with_its_conftest(file)))


def _with_its_conftest(file: str) -> str:
    """A file of tests with what its folder adds: whether they need an engine is said in one or the other."""
    path = ROOT / file
    return "".join(each.read_text("utf-8") for each in (path, path.with_name("conftest.py")) if each.exists())


def test_each_test_of_the_readme_is_collected() -> None:
    tests = sorted({f"{file}::{name}" for _, file, name in PROVEN.values()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", *tests]
    env = {**os.environ, "PYTEST_ADDOPTS": ""}
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=env)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert {line.partition("[")[0] for line in answer.stdout.splitlines() if line.startswith("tests/")} == set(tests)


def test_each_row_names_a_test_that_is_there() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and "| what works |" not in row]
    named = [re.search(r"\| `([\w/]+\.py)::(test_\w+)` \|$", row) for row in rows]
    assert len(rows) > 10
    assert [
        row
        for row, found in zip(rows, named, strict=True)
        if not found or f"\ndef {found[2]}(" not in (ROOT / "tests" / found[1]).read_text(encoding="utf-8")
    ] == []


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_example_is_that_of_the_readme(language: str) -> None:
    program = (EXAMPLES / language / PROGRAMS[language]).read_text(encoding="utf-8")
    python = (ROOT / "examples/quickstart/__main__.py").read_text(encoding="utf-8")
    values = re.findall(r'"\w+": "([^"]+)"', python)
    assert len(values) == 6
    assert [value for value in values if value not in program] == []


def test_the_plugin_has_one_address_and_the_version_of_the_package() -> None:
    assert f"pulumi package add {PLUGIN}\n" in PAGE
    assert f"  {NAME}: {PLUGIN}\n" in (EXAMPLES / "yaml/Pulumi.yaml").read_text(encoding="utf-8")


def test_the_sdks_have_the_names_under_which_examples_import_them() -> None:
    assert f'from "{LANGUAGES["nodejs"]["packageName"]}";' in (EXAMPLES / "typescript/index.ts").read_text("utf-8")
    assert f'"{LANGUAGES["go"]["importBasePath"]}"' in (EXAMPLES / "go/main.go").read_text("utf-8")


def test_the_plugin_brings_this_repository_and_no_logic() -> None:
    assert (ROOT / "provider/requirements.txt").read_text(encoding="utf-8") == "..\n"
    assert len((ROOT / "provider/__main__.py").read_text(encoding="utf-8").splitlines()) <= 10
