"""Measure what the documentation quotes, and print it; a whole run also writes docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import detection, engine, fleet, marker, programs, starts, watching
from benchmarks.machine import described
from benchmarks.measured import Benchmark, Measured
from benchmarks.page import page
from sandbox.box.root import NoBoxError
from sandbox.engine.cli import ROOT, NoEngineError
from sandbox.runtime.get_runtime import NoRuntimeError

PAGE = ROOT / "docs" / "figures.md"
_WIDTH = 150
console = Console(width=_WIDTH)
app = typer.Typer(add_completion=False)


def benchmarks(peers: Path | None) -> Sequence[Benchmark]:
    """All of them, in the order of the page."""
    return (
        Benchmark("watching", "A day of watching, beside fixed polling", watching.measure),
        Benchmark("detection", "From the marker to the stop, beside fixed polling", detection.measure),
        Benchmark("starts", "Starts of the function, beside those of schedulers", partial(starts.measure, peers)),
        Benchmark("marker", "From the end of the command to the marker", marker.measure),
        Benchmark("programs", "Evaluating a program, beside its resources alone", programs.measure),
        Benchmark("engine", "Preview and up on Pulumi's engine, beside a plain program", engine.measure),
        Benchmark("fleet", "What a fleet asks of EC2 and S3, beside calm times", fleet.measure),
    )


@app.command()
def main(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; all of them by default.")] = None,
    peers: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder with checkouts of other schedulers.")
    ] = None,
) -> None:
    """Measure, print, and write docs/figures.md once all were asked for."""
    known = {benchmark.name: benchmark for benchmark in benchmarks(peers)}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(known)}")
    machine = described()
    console.print(machine, highlight=False)
    sections = list(_measured([known[name] for name in names or known]))
    if not names:
        PAGE.write_text(page(machine, sections), encoding="utf-8")
        console.print(f"written: {PAGE}")


def _measured(chosen: Sequence[Benchmark]) -> Iterator[tuple[str, Measured]]:
    for benchmark in chosen:
        console.rule(benchmark.title, align="left")
        with console.status("measuring"):
            try:
                measured = benchmark.measure()
            except (NoBoxError, NoEngineError, NoRuntimeError) as error:
                measured = Measured((), (f"Not measured: {error}.",))
        for grid in measured.grids:
            console.print(grid.table(None))
        console.print(measured.text, highlight=False)
        yield benchmark.title, measured


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
