"""Programs that take minutes."""

from __future__ import annotations

import os

import pytest

from sandbox.long_program import run_long


def _say_nothing(_seconds: float, _lines: int, _last: str) -> None:
    """These are over before a word is due."""


def test_the_exit_code_and_what_was_printed_are_returned() -> None:
    command = ["sh", "-c", "echo one; echo two >&2; exit 3"]
    assert run_long(command, _say_nothing, environment=os.environ, within_seconds=60) == (3, ["one", "two"])


def test_what_takes_too_long_is_killed() -> None:
    command = ["sh", "-c", "while echo more; do :; done"]
    with pytest.raises(TimeoutError, match="sh was not done after 0 s, and was stopped"):
        run_long(command, _say_nothing, environment=os.environ, within_seconds=0.05)


def test_what_takes_too_long_is_killed_though_it_prints_nothing() -> None:
    with pytest.raises(TimeoutError, match="sleep was not done"):
        run_long(["sleep", "30"], _say_nothing, environment=os.environ, within_seconds=0.05)
