"""How far a simulation has come: a bar on a terminal, a line now and then where the output goes to a file."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sandbox.simulation.figures import Figures

LINE_SECONDS = 30.0
"""A log that says nothing for longer looks as if all stood still."""


@contextmanager
def shown(
    console: Console, lifecycles: int, clock: Callable[[], float] = perf_counter
) -> Generator[Callable[[Figures], None]]:
    """What to call with the figures of each part that is done."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(console, lifecycles, clock)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("lifecycles", total=lifecycles)
        yield lambda part: progress.advance(task, part.lifecycles)


class _Lines:
    def __init__(self, console: Console, lifecycles: int, clock: Callable[[], float]) -> None:
        self._console = console
        self._lifecycles = lifecycles
        self._clock = clock
        self._began = self._told = clock()
        self._done = 0
        self._violations = 0

    def __call__(self, part: Figures) -> None:
        self._done += part.lifecycles
        self._violations += len(part.violations)
        now = self._clock()
        if now - self._told < LINE_SECONDS:
            return
        self._told = now
        left = (now - self._began) / self._done * (self._lifecycles - self._done)
        self._console.print(
            f"{self._done:,} of {self._lifecycles:,} lifecycles, {self._violations:,} violations,"
            f" about {left / 60:.0f} min left",
            highlight=False,
        )
