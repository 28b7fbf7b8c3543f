"""The loop of a stop, in virtual time."""

from __future__ import annotations

import signal
from typing import cast

import pytest

from runctl_component.box.runner.stopping import shutdown
from runctl_component.box.runner.stopping.processes import Process
from runctl_component.box.runner.stopping.training_processes import Training

from .trees import ROOT, shell, training


class Obstinate:
    """A training whose processes end only when ``ends_at`` says so."""

    root_pid = ROOT

    def __init__(self, ends_at: float = 1e9) -> None:
        self.now = 0.0
        self.ends_at = ends_at
        self.signals: list[tuple[float, int, signal.Signals]] = []

    def alive(self) -> list[Process]:
        return [shell(), training(2)] if self.now < self.ends_at else []

    def sleep(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 3)

    def send(self, processes: list[Process], number: signal.Signals) -> None:
        self.signals += [(self.now, process.pid, number) for process in processes]


def stopped(training: Obstinate, timeout: float, monkeypatch: pytest.MonkeyPatch) -> Obstinate:
    monkeypatch.setattr(shutdown, "send", training.send)
    shutdown.shut_down(cast("Training", training), timeout, clock=lambda: training.now, sleep=training.sleep)
    return training


def test_it_returns_as_soon_as_nobody_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    training = stopped(Obstinate(ends_at=3), 120, monkeypatch)
    assert (training.now, training.signals) == (3, [(0, 2, signal.SIGTERM)])


def test_nobody_left_is_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(Obstinate(ends_at=0), 120, monkeypatch).now == 0


def test_all_are_killed_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = [each for each in stopped(Obstinate(), 120, monkeypatch).signals if each[2] == signal.SIGKILL]
    assert killed[:2] == [(120, ROOT, signal.SIGKILL), (120, 2, signal.SIGKILL)]


def test_what_cannot_even_be_killed_holds_the_runner_up_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(Obstinate(), 120, monkeypatch).now == pytest.approx(125, abs=0.2)
