"""``make demo``, as a person reads it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from sandbox.demo import __main__, story
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.training import Training
from sandbox.sandbox import Sandbox

_TIMES = re.compile(r"^(\d:\d\d:\d\d)  .*?(?: times, until (\d:\d\d:\d\d)\))?$", re.MULTILINE)

app = typer.Typer()
app.command()(__main__.main)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo draws its pictures, out of the way of a person's own."""
    monkeypatch.setattr(__main__, "ROOT", tmp_path)
    return tmp_path / "build"


def _demo(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})


def test_the_demo_tells_a_run_from_its_declaration_to_its_end_and_succeeds(pictures: Path) -> None:
    result = _demo()
    told = [
        "+ TrainingRun  llama-ft",
        "deadline 24 h after the launch: the monitor (stop)",
        "watching the run costs $0.0037 for a day of 24 h",
        "its monitor costs $0.21 a day, once for all the runs that share it",
        "wrote training_complete.txt",
        "end        marker training_complete.txt",
        "outcome              succeeded",
        "one LIST every 30 s",
        "no AWS account was used",
    ]
    places = [result.stdout.find(words) for words in told]
    assert -1 not in places, result.stdout
    assert places == sorted(places)
    assert result.exit_code == 0
    assert [picture.name for picture in pictures.iterdir()] == ["demo-default.svg"]


def _seconds(time: str) -> int:
    hours, minutes, seconds = map(int, time.split(":"))
    return hours * 3600 + minutes * 60 + seconds


@pytest.mark.usefixtures("pictures")
def test_what_is_written_while_a_check_waits_is_told_before_that_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_late(_: Sandbox, training: Training) -> None:
        training.later(timedelta(hours=1, minutes=59, seconds=59), lambda: training.write("late.pt"))

    monkeypatch.setattr(__main__, "SCENARIOS", {"hang": replace(SCENARIOS["hang"], twist=write_late)})
    told = _demo("--scenario", "hang").stdout
    lines = [line for line in told.splitlines() if _TIMES.match(line)]
    assert lines[-3:-1] == [
        "1:59:59  training      wrote late.pt",
        "2:00:00  follow-up     end        deadline 2:00:00 passed",
    ]


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("scenario", "lines"),
    [
        ("default", ["0:01:00  training      begins", "2:15:34  instance      is stopped"]),
        ("hang", ["1:10:00  training      does nothing any more"]),
        ("hold", ["1:00:00  a person      tags the instance runctl:hold-until, until 4:00:00"]),
        ("s3-outage", ["2:05:00  S3            fails", "2:25:00  S3            answers again"]),
        ("switch", ["0:30:00  monitor       breaks"]),
        ("restart", ["4:00:00  instance      is started again"]),
    ],
)
def test_what_happens_beside_the_checks_is_told_too(scenario: str, lines: list[str]) -> None:
    assert set(lines) <= set(_demo("--scenario", scenario).stdout.splitlines())


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("scenario", ["hang", "switch", "hold", "spot", "s3-outage", "restart"])
def test_what_happened_is_told_in_the_order_of_virtual_time(scenario: str) -> None:
    told = _TIMES.findall(_demo("--scenario", scenario, "--seed", "2").stdout)
    moments = [_seconds(time) for line in told for time in line if time]
    assert len(moments) > 3
    assert moments == sorted(moments)


@pytest.mark.usefixtures("pictures")
def test_the_deadline_switch_has_a_line_and_a_broken_monitor_few() -> None:
    lines = _demo("--scenario", "switch").stdout.splitlines()
    switch = lines.index("2:10:36  switch        stop       EventBridge Scheduler calls EC2")
    broken = [number for number, line in enumerate(lines) if "the function cannot be loaded (" in line]
    assert len(broken) < 10
    assert broken[0] < switch < broken[-1]


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do() -> None:
    result = _demo("--scenario", "nonsense")
    assert result.exit_code == 2
    assert all(name in result.output for name in ("nonsense", *SCENARIOS))
    assert "the training exits with an error" in result.output


@pytest.mark.usefixtures("pictures")
def test_a_run_that_does_not_end_as_declared_fails_the_demo_and_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "LATEST_SECONDS", -1)
    result = _demo("--scenario", "crash")
    assert result.exit_code == 1
    assert "not as declared: ended 0 s after it was due" in result.stdout
