"""The page of figures, and what stands on it where something could not be measured."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from benchmarks import __main__ as program
from benchmarks.detection import GRACE_SECONDS, polled
from benchmarks.measured import Benchmark, Grid, Measured
from benchmarks.page import page
from benchmarks.peers import PEERS, Peer
from sandbox.box.root import NoBoxError
from sandbox.engine.cli import ROOT

TITLES = [benchmark.title for benchmark in program.benchmarks(None)]
CLI = program.app


def _without_a_box() -> Measured:
    raise NoBoxError("this needs Linux")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def few(_: Path | None) -> tuple[Benchmark, ...]:
        grid = Grid(("way", "ms", "ratio"), [("ours", "2", "1.00"), ("another", "4", "2.00")])
        quick = Benchmark("quick", "Something quick", lambda: Measured([grid], ["Twice.", "In turns."]))
        return quick, Benchmark("box", "Something on a box", _without_a_box)

    monkeypatch.setattr(program, "benchmarks", few)
    monkeypatch.setattr(program, "PAGE", tmp_path / "figures.md")
    return tmp_path / "figures.md"


def test_the_page_in_the_documentation_has_what_a_run_measures_in_its_order() -> None:
    assert re.findall(r"^## (.+)$", (ROOT / "docs/figures.md").read_text(encoding="utf-8"), re.MULTILINE) == TITLES


def test_the_page_in_the_documentation_says_when_and_on_which_machine_it_was_measured() -> None:
    said = (
        r"Measured on \d{4}-\d\d-\d\d with \d+ processors \(.+\), \d+ GiB of memory, .+; load \d+\.\d before\. Python "
    )
    assert re.search(said, (ROOT / "docs/figures.md").read_text(encoding="utf-8"))


def test_a_table_is_markdown_with_one_line_for_a_row() -> None:
    grid = Grid(("way", "ms"), [("ours " + "x" * 300, "2")])
    lines = page("A machine.", [("Title", Measured([grid]))]).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert [len(line.strip("|").split("|")) for line in rows] == [2, 2, 2]
    assert set(rows[1]) <= set("|-: ")


def test_a_whole_run_writes_the_page_with_what_could_not_be_measured_and_why(written: Path) -> None:
    assert CliRunner().invoke(CLI, []).exit_code == 0
    text = written.read_text(encoding="utf-8")
    assert re.search(r"\| another +\| +4 \| +2\.00 \|", text)
    assert "Twice. In turns.\n" in text
    assert "## Something on a box\n\nNot measured: this needs Linux.\n" in text


def test_a_part_that_was_asked_for_is_printed_and_leaves_the_page_alone(written: Path) -> None:
    result = CliRunner().invoke(CLI, ["quick"])
    assert "another" in result.output
    assert not written.exists()


def test_an_unknown_benchmark_is_refused_with_those_that_there_are(written: Path) -> None:
    result = CliRunner().invoke(CLI, ["quik"])
    assert result.exit_code == 2
    assert "quik: there are quick, box" in result.output
    assert not written.exists()


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_a_peer_that_cannot_be_measured_says_what_would_help(peer: Peer, tmp_path: Path) -> None:
    assert "make benchmark PEERS=" in peer.missing(None)
    assert f"https://github.com/{peer.repository}" in peer.missing(tmp_path)
    (tmp_path / peer.name / peer.folder).mkdir(parents=True)
    assert not replace(peer, python=sys.version_info[:2]).missing(tmp_path)
    assert "it needs Python 99.0" in replace(peer, python=(99, 0)).missing(tmp_path)


@pytest.mark.parametrize("interval", [60, 300])
def test_a_fixed_poll_sees_a_marker_and_stops_at_its_first_look_from_then_on(interval: int) -> None:
    waits = [polled(interval, 1800.0 + 7.3 * count, Random(count)) for count in range(50)]
    assert GRACE_SECONDS == 300
    assert all(0 <= wait.sight < interval + 60 and 0 <= wait.stop < interval + 60 for wait in waits)
