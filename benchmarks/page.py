"""The figures as a page of the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import StringIO

from rich.box import MARKDOWN
from rich.console import Console

from benchmarks.measured import Grid, Measured

_INTRODUCTION = """\
# Figures

`make benchmark` measures all of this anew and writes this page. What matters is the ratios: both sides of each were
measured in the same minutes, on the same machine.
"""
_WIDE = 1_000


def page(machine: str, sections: Iterable[tuple[str, Measured]]) -> str:
    """Titles with what was measured below them."""
    measured_by_title = dict(sections)
    contents = "".join(f"- [{title}](#{_anchor(title)})\n" for title in measured_by_title)
    parts = [_INTRODUCTION, f"{machine}\n", contents]
    for title, measured in measured_by_title.items():
        parts += [f"## {title}\n", *map(_markdown, measured.grids), f"{measured.text}\n"]
    return "\n".join(parts)


def _anchor(title: str) -> str:
    """By which GitHub links to a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _markdown(grid: Grid) -> str:
    console = Console(file=StringIO(), width=_WIDE, color_system=None)
    with console.capture() as captured:
        console.print(grid.table(MARKDOWN))
    return "\n".join(line.strip() for line in captured.get().splitlines() if line.strip()) + "\n"
