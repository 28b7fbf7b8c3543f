"""The package in Go: its SDK, the example, and a program with a shared monitor, compiled and vetted."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.languages.toolchains import ROOT, checked, go, go_sdk

pytestmark = pytest.mark.xdist_group("languages")


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return go_sdk(tmp_path_factory.mktemp("go"))


def test_the_sdk_the_example_and_a_program_with_lists_and_words_compile(sdk: Path) -> None:
    for name, program in {
        "example": ROOT / "examples/languages/go/main.go",
        "team": Path(__file__).parent / "team.go",
    }.items():
        (sdk / name).mkdir()
        shutil.copy(program, sdk / name / "main.go")
    checked([go(), "vet", "-mod=readonly", "./runctl/...", "./example", "./team"], sdk)


def test_what_is_misspelled_or_of_another_type_does_not_compile(sdk: Path) -> None:
    wrong = ["Colour: nil", "Bucket: 1", "Idle: runctl.StalledArgs{}"]
    lines = [
        "package main",
        'import "github.com/your-organization/runctl-pulumi/sdk/go/runctl"',
        "func main() {",
        *(f"_ = runctl.TrainingRunArgs{{{argument}}}" for argument in wrong),
        "}",
        "",
    ]
    (sdk / "wrong").mkdir()
    (sdk / "wrong" / "main.go").write_text("\n".join(lines), encoding="utf-8")
    answer = subprocess.run(
        [go(), "build", "-mod=readonly", "-o", "/dev/null", "./wrong"],
        cwd=sdk,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert re.findall(r"main\.go:(\d+):", answer.stderr) == ["4", "5", "6"]
