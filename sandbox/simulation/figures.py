"""What the simulation measures over many lifecycles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from sandbox.simulation.judge.invariants import Violation
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.judge.waits import graced_endings, was_noticed
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.timeline import HOUR
from sandbox.simulation.world.weather import Weather


@dataclass(slots=True)
class Latencies:
    """Seconds from the end of grace to the call that ended the run."""

    noticed: list[float] = field(default_factory=list[float])
    """All services working, and the completion, the first thing to act on, seen before the end of grace."""
    calm: list[float] = field(default_factory=list[float])
    """All services working."""
    all: list[float] = field(default_factory=list[float])


@dataclass(slots=True)
class Figures:
    """Sums over lifecycles; two of them add up to one."""

    lifecycles: int = 0
    checks: int = 0
    watched_hours: float = 0.0
    endings: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By recorded outcome, and by who took the instance out of running."""
    calls: Counter[str] = field(default_factory=Counter[str])
    latencies: Latencies = field(default_factory=Latencies)
    violations: list[tuple[int, Violation]] = field(default_factory=list[tuple[int, Violation]])
    """With the seed of their lifecycle."""

    def add(self, other: Figures) -> None:
        """Take the other's figures in."""
        self.lifecycles += other.lifecycles
        self.checks += other.checks
        self.watched_hours += other.watched_hours
        self.endings.update(other.endings)
        self.calls.update(other.calls)
        self.latencies.noticed += other.latencies.noticed
        self.latencies.calm += other.latencies.calm
        self.latencies.all += other.latencies.all
        self.violations = sorted(self.violations + other.violations, key=lambda entry: (entry[0], entry[1].at))


def measure(record: Record, found: list[Violation]) -> Figures:
    """The figures of one lifecycle."""
    truth = Truth(record)
    launched_at = record.launches[0].at
    figures = Figures(
        lifecycles=1,
        checks=len(record.checks),
        watched_hours=(record.finished_at - launched_at) / HOUR,
        calls=Counter(record.calls),
        violations=[(record.scenario.seed, violation) for violation in found],
    )
    for launch in record.launches:
        outcome = next(
            (
                entry.tags["runctl:outcome"]
                for entry in reversed(record.taggings)
                if entry.launch == launch.number and "runctl:outcome" in entry.tags
            ),
            "unrecorded",
        )
        figures.endings[str(outcome), launch.left_by or "still running"] += 1
    for ending, seconds in graced_endings(truth):
        figures.latencies.all.append(seconds)
        if record.scenario.weather is Weather.CALM:
            figures.latencies.calm.append(seconds)
            if was_noticed(truth, ending, seconds):
                figures.latencies.noticed.append(seconds)
    return figures


def spread(seconds: list[float]) -> tuple[float, float]:
    """Median and worst; zeros when there are none."""
    return (median(seconds), max(seconds)) if seconds else (0.0, 0.0)
