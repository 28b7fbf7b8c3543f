"""The demo on the real engine: the same resources, the same timeline, the same end."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sandbox.demo import __main__

app = typer.Typer()
app.command()(__main__.main)


def _told(engine: str) -> list[str]:
    result = CliRunner().invoke(app, ["--engine", engine], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    return [line for line in result.stdout.splitlines() if "no AWS account was used" not in line]


def test_the_demo_tells_the_same_on_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__main__, "ROOT", tmp_path)
    real = _told("pulumi")
    assert any("end        marker training_complete.txt" in line for line in real)
    assert real == _told("in-process")
