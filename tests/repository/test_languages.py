"""The page of languages and their examples: each row has a test that is there, and all examples are one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runctl_component import __version__
from runctl_component.provider.package import LANGUAGES, NAME, REPOSITORY

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples" / "languages"
PROGRAMS = {"yaml": "Pulumi.yaml", "typescript": "index.ts", "go": "main.go"}
PLUGIN = f"{REPOSITORY.removeprefix('https://')}.git/provider@{__version__}"


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
