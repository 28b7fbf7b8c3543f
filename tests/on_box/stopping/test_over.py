"""When the training is over, in virtual time."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from typing import cast

import pytest

from runctl_component.box.runner.stopping import over
from runctl_component.box.runner.stopping.processes import Process
from runctl_component.box.runner.stopping.training_processes import Training

from .trees import process


class Run:
    """A command that ends with ``status`` at ``exits_at``, and what it leaves until ``left_until``."""

    def __init__(
        self, *, status: int, exits_at: float, left_until: float = 0, reads: str = "", interrupted_at: float = 1e9
    ) -> None:
        self.now = 0.0
        self.told: list[float] = []
        self.looks = 0
        self._status, self._exits_at, self._left_until = status, exits_at, left_until
        self._left = [process(2, 1, reads=reads)]
        self._interrupted_at = interrupted_at

    def poll(self) -> int | None:
        return self._status if self.now >= self._exits_at else None

    def look(self) -> list[Process]:
        self.looks += 1
        return self._left if self.now < max(self._left_until, self._exits_at) else []

    alive = look

    def send(self, processes: Iterable[Process], _number: int) -> None:
        self.told += [self.now for _ in processes]

    def sleep(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 3)

    def ended(self, monkeypatch: pytest.MonkeyPatch) -> int | None:
        monkeypatch.setattr(over, "send", self.send)
        return over.await_end(
            cast("Training", self),
            cast("subprocess.Popen[bytes]", self),
            lambda: self.now >= self._interrupted_at,
            clock=lambda: self.now,
            sleep=self.sleep,
        )


@pytest.mark.parametrize("status", [0, 3, -9])
def test_a_command_that_leaves_nobody_is_over_at_once(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=status, exits_at=5)
    assert (run.ended(monkeypatch), run.now) == (status, 5)


def test_a_command_that_succeeds_soon_has_put_its_training_into_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=0, exits_at=5, left_until=7200)
    assert (run.ended(monkeypatch), run.now, run.told) == (0, 7200, [])


@pytest.mark.parametrize(("status", "exits_at"), [(0, 60), (1, 5), (1, 60)])
def test_what_any_other_command_leaves_are_helpers(
    status: int, exits_at: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(status=status, exits_at=exits_at, left_until=7200)
    assert (run.ended(monkeypatch), run.told) == (status, [exits_at])
    assert run.now == pytest.approx(exits_at + 3, abs=0.2)


def test_a_reader_that_is_left_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=1, exits_at=5, left_until=7200, reads="pipe:[1]")
    assert (run.ended(monkeypatch), run.told) == (1, [])
    assert run.now == pytest.approx(35, abs=0.2)


def test_a_reader_has_no_more_time_when_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=1, exits_at=5, left_until=7200, reads="pipe:[1]", interrupted_at=5.5)
    assert run.ended(monkeypatch) == 1
    assert run.now == pytest.approx(8, abs=0.2)


def test_a_command_that_runs_is_interrupted_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=0, exits_at=7200, interrupted_at=50)
    assert (run.ended(monkeypatch), run.told) == (None, [])
    assert run.now == pytest.approx(51, abs=0.2)


def test_a_command_that_had_ended_counts_also_when_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Run(status=3, exits_at=80, interrupted_at=80).ended(monkeypatch) == 3


def test_a_command_that_succeeds_in_the_moment_after_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Run(status=0, exits_at=80.5, interrupted_at=80).ended(monkeypatch) == 0


def test_a_command_that_fails_in_the_moment_after_may_have_failed_for_the_shutdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Run(status=1, exits_at=80.5, interrupted_at=80).ended(monkeypatch) is None


def test_a_training_in_the_background_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=0, exits_at=5, left_until=7200, interrupted_at=600)
    assert run.ended(monkeypatch) is None
    assert run.now == pytest.approx(600, abs=1.1)


def test_processes_are_looked_at_now_and_then_and_not_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(status=0, exits_at=3600)
    run.ended(monkeypatch)
    assert 300 < run.looks < 400
