from __future__ import annotations

from collections import Counter

import pytest

from sandbox.simulation.judge.bookkeeping import LISTINGS, MOVES, calls_are_bounded
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND

from .builders import checked, record

LAUNCH = Launch(0, 0, 0)
THIRD_HOUR = 3 * HOUR


def _is_bounded(checks: list[Check], **settings: float) -> bool:
    lifecycle = record(LAUNCH, **settings)
    lifecycle.checks.extend(checks)
    return not list(calls_are_bounded(Truth(lifecycle)))


def _every(seconds: int, trigger: str) -> list[Check]:
    return [checked(moment, trigger) for moment in range(THIRD_HOUR, THIRD_HOUR + HOUR, seconds * SECOND)]


def test_a_backoff_that_does_not_grow_comes_on_top_of_the_heartbeat() -> None:
    checks = _every(120, "heartbeat") + _every(60, "follow-up")
    assert _is_bounded(checks, initial_interval_seconds=60, max_interval_seconds=120, backoff_multiplier=1.0)


def test_more_follow_ups_than_the_backoff_has_due_times_are_too_many() -> None:
    checks = _every(120, "heartbeat") + _every(60, "follow-up") + _every(200, "follow-up")
    assert not _is_bounded(checks, initial_interval_seconds=60, max_interval_seconds=120, backoff_multiplier=1.0)


def test_a_backoff_that_has_grown_leaves_the_checks_to_the_heartbeat() -> None:
    moves = [checked(THIRD_HOUR + count * MINUTE, "follow-up") for count in range(MOVES + 1)]
    grown = {"initial_interval_seconds": 60, "max_interval_seconds": 120, "backoff_multiplier": 2.0}
    assert _is_bounded(_every(120, "heartbeat") + moves, **grown)
    assert not _is_bounded(_every(120, "heartbeat") + moves + _every(600, "follow-up"), **grown)


@pytest.mark.parametrize(("listings", "bounded"), [(8 * LISTINGS, True), (8 * LISTINGS + 1, False)])
def test_a_check_that_is_not_over_may_have_looked_as_often_as_it_described_the_instance(
    listings: int, bounded: bool
) -> None:
    unfinished = checked(THIRD_HOUR, calls=Counter({"describe_instance": 8, "list_folder": listings}))
    assert _is_bounded([unfinished]) is bounded
