"""How long a finished training waits to be seen and stopped: by events, by polls with backoff, by a fixed interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any

from benchmarks.measured import Grid, Measured
from monitor_runtime.contract.settings import Settings
from sandbox.aws.scheduler import PRECISION_SECONDS
from sandbox.demo.scenarios import Scenario
from sandbox.demo.story import Story, play

RUNS = 12
SHORTEST, LONGEST = 30 * 60, 60 * 60
"""Seconds that a training takes."""
GRACE_SECONDS: int = Settings.__dataclass_fields__["grace_seconds"].default
FIXED_SECONDS = (60, 300)
FIXED = {f"a fixed poll every {interval} s": interval for interval in FIXED_SECONDS}
FLOOR = next(iter(FIXED))
WAYS: Mapping[str, Mapping[str, Any]] = {
    "runctl, by S3's events": {"s3_events": True},
    "runctl, polls to 60 s": {"max_interval_seconds": 60},
    "runctl, polls to 300 s, the default": {},
}


@dataclass(frozen=True)
class Waits:
    """Seconds from the marker to its sight, and from the end of the grace period to the stop call."""

    sight: float
    stop: float


def watched(args: Mapping[str, Any], seed: int, seconds: float) -> Story:
    """A training of so many seconds that writes its marker, with the real handler on moto, in virtual time."""
    lasts = timedelta(seconds=seconds) + timedelta(minutes=15)
    return play(Scenario("", "succeeded", args=args, works_for=timedelta(seconds=seconds), lasts=lasts), seed=seed)


def waits(story: Story) -> Waits:
    """Those of a story that ended by its marker."""
    marker_at, seen_at, over_at, called_at = story.marker_at, story.seen_at, story.grace_over_at, story.called_at
    if not (marker_at and seen_at and over_at and called_at):
        raise RuntimeError(f"the run was not stopped: {list(story.problems())}")
    return Waits((seen_at - marker_at).total_seconds(), (called_at - over_at).total_seconds())


def polled(interval: int, seconds: float, random: Random) -> Waits:
    """Those of a function that a schedule invokes at a fixed interval, and that stops at its first look after grace."""

    def first_look(moment: float) -> float:
        due = interval
        while (look := due + random.randrange(PRECISION_SECONDS)) < moment:
            due += interval
        return look

    over = seconds + GRACE_SECONDS
    return Waits(first_look(seconds) - seconds, first_look(over) - over)


def rows(measured: Mapping[str, Sequence[Waits]]) -> Iterator[tuple[str, ...]]:
    """Median and worst of both waits, and how the sight compares with that of the fixed poll."""
    floor = median(wait.sight for wait in measured[FLOOR])
    for way, waits_of_it in measured.items():
        sights, stops = [wait.sight for wait in waits_of_it], [wait.stop for wait in waits_of_it]
        figures = (median(sights), max(sights), median(stops), max(stops))
        yield (way, *(f"{figure:.1f}" for figure in figures), f"{median(sights) / floor:.2f}")


def measure() -> Measured:
    """Play the same trainings in each way."""
    random = Random(1)
    trainings = [(seed, random.uniform(SHORTEST, LONGEST)) for seed in range(1, RUNS + 1)]
    measured = {way: [waits(watched(args, seed, seconds)) for seed, seconds in trainings] for way, args in WAYS.items()}
    for way, interval in FIXED.items():
        lateness = Random(interval)
        measured[way] = [polled(interval, seconds, lateness) for _, seconds in trainings]
    headings = ("seconds", "marker to sight", "worst", "end of grace to stop", "worst", "ratio of sight")
    return Measured(
        [Grid(headings, list(rows(measured)))],
        [
            f"Medians of {RUNS} trainings of {SHORTEST // 60} to {LONGEST // 60} min, and ratios to {FLOOR}.",
            "Schedules fire up to a minute late, as EventBridge Scheduler may; S3's events take 1 to 5 s.",
            "S3 dates objects to the second, by which the grace period may end up to a second early.",
            "The fixed poll is arithmetic, with AWS's own time left out.",
        ],
    )
