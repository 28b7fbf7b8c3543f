"""Many lifecycles on all cores. Lifecycle ``i`` of seed ``s`` is the lifecycle of seed ``s + i``."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context

from sandbox.simulation.figures import Figures, measure
from sandbox.simulation.judge.invariants import Violation
from sandbox.simulation.judge.oracle import judge
from sandbox.simulation.lifecycle import run_lifecycle

CHUNK = 20


def run_seeds(seeds: range) -> Figures:
    """Run and judge some lifecycles in this process."""
    figures = Figures()
    for seed in seeds:
        try:
            record, _ = run_lifecycle(seed)
            figures.add(measure(record, judge(record)))
        except Exception as error:  # noqa: BLE001 - one lifecycle that breaks down must not hide the others
            broken = Violation("the_lifecycle_can_be_simulated_and_judged", 0, repr(error))
            figures.add(Figures(lifecycles=1, violations=[(seed, broken)]))
    return figures


def run_all(seeds: range, jobs: int, on_progress: Callable[[Figures], None]) -> Figures:
    """Run and judge lifecycles in ``jobs`` processes; ``on_progress`` is called with the figures of each chunk."""
    total = Figures()
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    with get_context("spawn").Pool(min(jobs, len(chunks))) as pool:
        for figures in pool.imap_unordered(run_seeds, chunks):
            total.add(figures)
            on_progress(figures)
    return total
