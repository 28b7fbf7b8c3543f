from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from monitor_runtime.contract.backoff import JITTER_SECONDS, jitter_seconds, next_due, offsets

from ..builders import LAUNCH, settings

RUN = settings()
JITTER = timedelta(seconds=jitter_seconds(RUN.run))
YEAR = 365 * 86_400


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, [30, 90, 210, 450, 750, 1050]),
        ({"max_interval_seconds": 60}, [30, 90, 150, 210]),
        ({"initial_interval_seconds": 60, "max_interval_seconds": 60}, [60, 120, 180]),
        ({"backoff_multiplier": 1.0}, [30, 60, 90, 120]),
        ({"backoff_multiplier": 1.5}, [30, 75, 142.5, 243.75]),
        ({"backoff_multiplier": 10.0}, [30, 330, 630]),
        ({"initial_interval_seconds": 10, "max_interval_seconds": 3600}, [10, 30, 70, 150, 310]),
    ],
)
def test_checks_are_due_at_sums_of_growing_intervals(fields: dict[str, Any], due: list[float]) -> None:
    assert list(islice(offsets(settings(**fields)), len(due))) == due


@pytest.mark.parametrize(
    ("elapsed", "due", "interval"),
    [
        (-3600, 30, 30),
        (0, 30, 30),
        (29, 30, 30),
        (30, 90, 60),
        (449, 450, 240),
        (450, 750, 300),
        (749, 750, 300),
        (750, 1050, 300),
        (YEAR - 1, YEAR + 150, 300),
    ],
    ids=["before launch", "launch", "just before", "at one", "still growing", "full", "just before", "at one", "year"],
)
def test_the_next_check_is_the_first_one_later_than_now(elapsed: int, due: int, interval: int) -> None:
    found = next_due(RUN, LAUNCH, LAUNCH + JITTER + timedelta(seconds=elapsed))
    assert (found.at - LAUNCH - JITTER).total_seconds() == due
    assert found.interval_seconds == interval


def test_without_growth_the_interval_stays() -> None:
    run = settings(backoff_multiplier=1.0)
    found = next_due(run, LAUNCH, LAUNCH + JITTER + timedelta(days=30, seconds=1))
    assert found.at == LAUNCH + JITTER + timedelta(days=30, seconds=30)
    assert found.interval_seconds == 30


def test_a_launch_that_moved_on_begins_anew() -> None:
    again = LAUNCH + timedelta(days=1)
    assert next_due(RUN, again, again).at - again == next_due(RUN, LAUNCH, LAUNCH).at - LAUNCH


def test_runs_of_a_fleet_do_not_march_in_step() -> None:
    fleet = [jitter_seconds(f"fold-{number}") for number in range(100)]
    assert set(fleet) == set(range(JITTER_SECONDS))
    assert fleet == [jitter_seconds(f"fold-{number}") for number in range(100)]
