from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_runtime.contract import backoff
from monitor_runtime.contract.backoff import JITTER_SECONDS, jitter_seconds, next_due, offsets
from monitor_runtime.contract.settings import Settings

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


# Whatever the growth, the sums are found without adding them up.

multipliers = st.one_of(
    st.sampled_from([1.0, 1.0 + 2.0**-52, 1.0000001, 1.5, 2.0, 10.0]),
    st.floats(1, 10),
    st.floats(1e-15, 1e-2).map(lambda growth: 1 + growth),
)
growing_runs = st.builds(
    settings,
    initial_interval_seconds=st.integers(10, 3600),
    max_interval_seconds=st.just(3600),
    backoff_multiplier=multipliers,
)


def _sums(run: Settings) -> Iterator[Fraction]:
    """The due times as exact sums, one interval after the other."""
    due, interval = Fraction(0), Fraction(run.initial_interval_seconds)
    while True:
        due += interval
        yield due
        interval = min(interval * Fraction(run.backoff_multiplier), Fraction(run.max_interval_seconds))


@given(growing_runs)
def test_each_due_time_is_the_exact_sum_to_the_microsecond(run: Settings) -> None:
    found = zip(islice(offsets(run), 50), _sums(run), strict=False)
    assert all(abs(Fraction(offset) - exact) < Fraction(1, 1_000_000) for offset, exact in found)


@given(growing_runs, st.integers(1, 200), st.integers(-1, 1))
def test_a_check_at_any_moment_finds_the_first_of_the_sums_that_is_later(
    run: Settings, number: int, microseconds: int
) -> None:
    before, due = islice(offsets(run), number - 1, number + 1)
    now = LAUNCH + JITTER + timedelta(seconds=before, microseconds=microseconds)
    expected = timedelta(seconds=before if microseconds < 0 else due)
    assert next_due(run, LAUNCH, now).at == LAUNCH + JITTER + expected


@given(growing_runs, st.integers(0, 100 * YEAR), st.integers(0, 10))
def test_two_checks_before_a_due_time_agree_on_it(run: Settings, elapsed: int, earlier: int) -> None:
    now = LAUNCH + timedelta(seconds=elapsed)
    due = next_due(run, LAUNCH, now)
    assert now < due.at
    previous = due.at - timedelta(seconds=min(due.interval_seconds, run.initial_interval_seconds) - 1e-3)
    moments = [max(now, previous), max(now, due.at - timedelta(microseconds=1 + earlier))]
    assert [next_due(run, LAUNCH, moment).at for moment in moments] == [due.at, due.at]


@pytest.mark.parametrize("multiplier", [1.0, 1.0 + 2.0**-52, 1.0000001, 1.001, 10.0])
@pytest.mark.parametrize("age", [-YEAR, 0, YEAR, 1000 * YEAR])
def test_the_next_check_is_found_at_once_whatever_the_growth_and_the_age(
    multiplier: float, age: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: list[int] = []
    sum_of = backoff.Intervals.sum_of

    def counted(intervals: backoff.Intervals, number: int) -> timedelta:
        worked_out.append(number)
        return sum_of(intervals, number)

    monkeypatch.setattr(backoff.Intervals, "sum_of", counted)
    found = next_due(settings(backoff_multiplier=multiplier), LAUNCH, LAUNCH + timedelta(seconds=age))
    assert found.interval_seconds <= 300
    assert len(worked_out) < 10


def test_an_interval_that_has_grown_to_its_longest_leaves_the_checks_to_the_heartbeat() -> None:
    grown = [next_due(settings(backoff_multiplier=m), LAUNCH, LAUNCH + timedelta(days=365)) for m in (1.001, 3.0, 10.0)]
    assert [due.interval_seconds for due in grown] == [300, 300, 300]
