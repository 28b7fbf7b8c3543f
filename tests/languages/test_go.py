"""The package in Go: its SDK, the example, and a program with a shared monitor, compiled and vetted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.languages.toolchains import ROOT, checked, go, go_sdk

pytestmark = pytest.mark.xdist_group("languages")


def test_the_sdk_the_example_and_a_program_with_lists_and_words_compile(tmp_path: Path) -> None:
    sdk = go_sdk(tmp_path / "sdk")
    for name, program in {
        "example": ROOT / "examples/languages/go/main.go",
        "team": Path(__file__).parent / "team.go",
    }.items():
        (sdk / name).mkdir()
        shutil.copy(program, sdk / name / "main.go")
    checked([go(), "vet", "-mod=readonly", "./..."], sdk)
