"""Simulate many lifecycles with faults, judge each, and print what was measured and what is broken."""

from __future__ import annotations

import os
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sandbox.simulation.figures import Figures, spread
from sandbox.simulation.judge.oracle import judge
from sandbox.simulation.lifecycle import run_lifecycle
from sandbox.simulation.progress import shown
from sandbox.simulation.runner import run_all

SHOWN = 20
console = Console()


def main(
    lifecycles: Annotated[int, typer.Option(min=1, help="How many lifecycles to simulate.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first; each of the others has the next one.")] = 1,
    replay: Annotated[int | None, typer.Option(min=0, help="Only print the trace of this seed.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Simulate the monitor in a failing cloud. One lifecycle alone is printed as a trace."""
    if replay is not None or lifecycles == 1:
        raise typer.Exit(_replay(seed if replay is None else replay))
    started = perf_counter()
    with shown(console, lifecycles) as done:
        figures = run_all(range(seed, seed + lifecycles), jobs, done)
    _print_figures(figures, perf_counter() - started)
    raise typer.Exit(_print_violations(figures))


def _replay(seed: int) -> int:
    record, lines = run_lifecycle(seed, traced=True)
    found = judge(record)
    console.print(record.scenario)
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    for violation in found:
        console.print(f"BROKEN   {violation}", markup=False, style="red", soft_wrap=True)
    console.print(f"seed {seed}: {f'{len(found)} broken' if found else 'every invariant holds'}")
    return 1 if found else 0


def _print_figures(figures: Figures, seconds: float) -> None:
    rate = figures.lifecycles / seconds
    console.print(
        f"{figures.lifecycles:,} lifecycles in {seconds:.1f} s: {rate:.1f} a second,"
        f" {figures.checks:,} checks, {figures.watched_hours:,.0f} hours watched"
    )
    endings = Table("outcome", "ended by", "launches", title="Endings")
    for (outcome, by), count in sorted(figures.endings.items()):
        endings.add_row(outcome, by, f"{count:,}")
    console.print(endings)
    latencies = Table("over", "endings", "median", "worst", title="From the end of grace to the call, in seconds")
    for name, values in (
        ("all services working, completion seen before the end of grace", figures.latencies.noticed),
        ("all services working", figures.latencies.calm),
        ("all, with the faults", figures.latencies.all),
    ):
        middle, worst = spread(values)
        latencies.add_row(name, f"{len(values):,}", f"{middle:.2f}", f"{worst:,.2f}")
    console.print(latencies)
    total = figures.calls.total()
    services = ", ".join(f"{service} {count:,}" for service, count in figures.calls.most_common())
    console.print(f"{total:,} calls ({services}): {total / max(figures.watched_hours, 1e-9):.1f} an hour watched")


def _print_violations(figures: Figures) -> int:
    seeds = sorted({seed for seed, _ in figures.violations})
    if not seeds:
        console.print("every invariant holds in every lifecycle", style="green")
        return 0
    for seed, violation in figures.violations[:SHOWN]:
        console.print(f"seed {seed}: {violation}", markup=False, style="red", soft_wrap=True)
    console.print(f"{len(figures.violations)} violations in {len(seeds)} lifecycles; to see one of them:")
    for seed in seeds[:SHOWN]:
        console.print(f"  make simulate SEED={seed} LIFECYCLES=1", markup=False)
    return 1


if __name__ == "__main__":
    typer.run(main)
