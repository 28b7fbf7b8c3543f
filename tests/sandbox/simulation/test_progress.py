"""A long simulation says how far it is, on a terminal and in a file."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from sandbox.simulation.figures import Figures
from sandbox.simulation.judge.invariants import Violation
from sandbox.simulation.progress import shown

PART = Figures(lifecycles=20)
BROKEN = Figures(lifecycles=20, violations=[(7, Violation("an_invariant", 0, "broken"))])


def test_where_there_is_no_terminal_a_line_comes_every_half_minute() -> None:
    written, seconds = StringIO(), iter([0.0, 10.0, 29.9, 30.0, 45.0, 61.0])
    with shown(Console(file=written), 200, lambda: next(seconds)) as done:
        for part in (PART, PART, BROKEN, PART, PART):
            done(part)
    assert written.getvalue().splitlines() == [
        "60 of 200 lifecycles, 1 violations, about 1 min left",
        "100 of 200 lifecycles, 1 violations, about 1 min left",
    ]


def test_on_a_terminal_a_bar_shows_how_many_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    written = StringIO()
    with shown(Console(file=written, force_terminal=True, width=80), 40) as done:
        done(PART)
        done(PART)
    assert "40/40" in written.getvalue()
