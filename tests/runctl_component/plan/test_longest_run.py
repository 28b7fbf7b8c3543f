"""The longest run, by what may fail: what is bound, what is not, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from runctl_component.plan.durations import in_words
from runctl_component.plan.longest_run import FAILURES, Bound, longest_runs
from runctl_component.plan.surroundings import Surroundings

SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "runs/llama/", box_reports=True)
HOUR = 3_600
DAY = 24 * HOUR
IDLE, STALLED = Idle("CPUUtilization", 5, 30), Stalled(("checkpoints/*.pt",), 90)


def _longest(changes: dict[str, Any] | None = None, **around: Any) -> dict[str, Bound]:
    return longest_runs(replace(SETTINGS, **(changes or {})), Surroundings(**around))


def test_the_default_run_has_a_bound_whatever_fails() -> None:
    assert {failure: bound.seconds for failure, bound in _longest().items()} == {
        "nothing_fails": 365,
        "trigger_lost": 665,
        "s3_silent": DAY + 480,
        "marker_unwritten": HOUR + 60,
        "unverified": 905,
        "hangs": DAY + 180,
        "monitor_fails": DAY + 660,
        "eventbridge_fails": DAY + 1260,
        "held": 7 * DAY + 365 + 60,
    }


def test_the_bounds_come_in_the_order_of_the_layers() -> None:
    everything = {"s3_events": True, "idle": IDLE, "stalled": STALLED, "failure_markers": ()}
    assert list(_longest(everything)) == list(FAILURES)


@pytest.mark.parametrize(
    ("changes", "around", "failure", "words"),
    [
        (
            {"max_runtime_hours": 0.0},
            {},
            "hangs",
            "nothing looks for it, and there is no deadline",
        ),
        ({"max_runtime_hours": 0.0}, {}, "monitor_fails", "there is no deadline, so there is no switch"),
        ({"max_runtime_hours": 0.0}, {}, "eventbridge_fails", "there is no deadline, so there is no timer"),
        ({"max_runtime_hours": 0.0}, {}, "s3_silent", "nothing is ended while S3 is silent, and there is no deadline"),
        ({"on_deadline": Action.REPORT}, {}, "monitor_fails", "on_deadline is report, so there is no switch"),
        ({"on_deadline": Action.REPORT}, {}, "eventbridge_fails", "on_deadline is report, so there is no timer"),
        ({"box_reports": False}, {}, "eventbridge_fails", "with user_data, there is no timer on the instance"),
        (
            {"max_runtime_hours": 0.0},
            {"spot": "one-time"},
            "unverified",
            "EC2 cannot stop one-time spot, and there is no deadline",
        ),
        (
            {"max_runtime_hours": 0.0, "on_complete": Action.REPORT},
            {},
            "nothing_fails",
            "on_complete is report, and there is no deadline",
        ),
        (
            {"max_runtime_hours": 0.0, "on_failure": Action.REPORT},
            {},
            "training_fails",
            "on_failure is report, and there is no deadline",
        ),
        (
            {"max_runtime_hours": 0.0},
            {"powers_off_unmarked": False},
            "marker_unwritten",
            "the instance keeps trying, and there is no deadline",
        ),
    ],
)
def test_what_has_no_bound_says_why(changes: dict[str, Any], around: dict[str, Any], failure: str, words: str) -> None:
    assert _longest(changes, **around)[failure] == Bound(None, f"without bound: {words}")


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({}, "events_lost"),
        ({}, "training_fails"),
        ({}, "stalls"),
        ({}, "idles"),
        ({"box_reports": False}, "marker_unwritten"),
        ({"on_complete": Action.REPORT}, "unverified"),
        ({"on_complete": Action.REPORT}, "trigger_lost"),
        ({"stalled": STALLED, "on_failure": Action.REPORT}, "stalls"),
        ({"idle": IDLE, "on_failure": Action.REPORT}, "idles"),
    ],
)
def test_what_cannot_happen_to_a_run_is_left_out(changes: dict[str, Any], failure: str) -> None:
    assert failure not in _longest(changes)


@pytest.mark.parametrize("changes", [{"on_failure": Action.REPORT}, {"failure_markers": ()}])
def test_a_failure_that_ends_nothing_is_left_to_the_deadline(changes: dict[str, Any]) -> None:
    assert _longest(changes)["training_fails"].seconds == DAY + 180


def test_a_script_of_ones_own_may_tell_of_a_failure_in_its_success_marker() -> None:
    assert "training_fails" not in _longest({"failure_markers": (), "box_reports": False})


def test_the_longer_the_training_may_save_the_later_a_hang_is_over_but_not_the_switch() -> None:
    slow = _longest({"shutdown_timeout_seconds": 600})
    assert slow["hangs"].seconds == DAY + 660
    assert slow["s3_silent"].seconds == slow["monitor_fails"].seconds == DAY + 660


@pytest.mark.parametrize("failure", ["stalls", "idles"])
def test_a_hang_that_is_looked_for_is_over_long_before_the_deadline(failure: str) -> None:
    seconds = _longest({"idle": IDLE, "stalled": STALLED})[failure].seconds
    assert seconds
    assert seconds < 2 * HOUR


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (365, "6 min 5 s"),
        (DAY + 660, "24 h 11 min"),
        (71 * HOUR, "71 h"),
        (3 * DAY, "3 days"),
        (14 * DAY + 660, "14 days 11 min"),
    ],
)
def test_times_are_written_as_people_write_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
