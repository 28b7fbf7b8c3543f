"""``make demo``, as a person reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from sandbox import demo, story
from sandbox.scenarios import SCENARIOS

app = typer.Typer()
app.command()(demo.main)


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo draws its picture, out of the way of a person's own."""
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "PICTURE", tmp_path / "build" / "demo-timeline.svg")
    return tmp_path / "build" / "demo-timeline.svg"


def _demo(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})


def test_the_demo_tells_a_run_from_its_declaration_to_its_end_and_succeeds(picture: Path) -> None:
    result = _demo()
    told = [
        "+ TrainingRun  llama-ft",
        "deadline 24 h after the launch: the monitor (stop)",
        "watching the run costs $0.0036 a day",
        "its monitor costs $0.17 a day, once for all the runs that share it",
        "wrote training_complete.txt",
        "end        marker training_complete.txt",
        "outcome              succeeded",
        "one LIST every 30 s",
        "nothing here was AWS",
    ]
    places = [result.stdout.find(words) for words in told]
    assert -1 not in places, result.stdout
    assert places == sorted(places)
    assert result.exit_code == 0
    assert picture.is_file()


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do() -> None:
    result = _demo("--scenario", "nonsense")
    assert result.exit_code == 2
    assert all(name in result.output for name in ("nonsense", *SCENARIOS))


@pytest.mark.usefixtures("picture")
def test_a_run_that_does_not_end_as_declared_fails_the_demo_and_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "LATEST_SECONDS", -1)
    result = _demo("--scenario", "crash")
    assert result.exit_code == 1
    assert "not as declared: ended 0 s after it was due" in result.stdout
