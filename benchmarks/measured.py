"""What a benchmark comes back with: tables, and what one must know to read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.box import Box
from rich.table import Table


@dataclass(frozen=True)
class Grid:
    """A table of texts. Its first columns are words, the others figures."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    """How many of the columns are words."""

    def table(self, box: Box | None) -> Table:
        """The table, with this frame or none."""
        drawn = Table(box=box)
        for number, heading in enumerate(self.headings):
            drawn.add_column(heading, justify="left" if number < self.words else "right", overflow="fold")
        for row in self.rows:
            drawn.add_row(*row)
        return drawn


@dataclass(frozen=True)
class Measured:
    """The tables of a benchmark, and sentences to read below them."""

    grids: Sequence[Grid]
    sentences: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The sentences as a paragraph."""
        return " ".join(self.sentences)


@dataclass(frozen=True)
class Benchmark:
    """Something that can be measured.

    ``measure`` raises `NoBoxError`, `NoEngineError` or `NoRuntimeError` where what it needs is not to be had.
    """

    name: str
    title: str
    measure: Callable[[], Measured]
