"""What the plan says of the longest run, where it is the instance that ends it."""

from __future__ import annotations

import pytest

from monitor_runtime.contract.deadline import BOX_LOOKS_EVERY
from monitor_runtime.contract.settings import Settings
from runctl_component.box.runner import guard
from runctl_component.plan.longest_run import longest_runs
from runctl_component.plan.surroundings import Surroundings

from .box import Box
from .test_guard import marker_missing_for, powered_off

SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "runs/llama/", box_reports=True)
LAST_LOOK_SECONDS = round(BOX_LOOKS_EVERY.total_seconds())


def _bound(failure: str) -> int:
    seconds = longest_runs(SETTINGS, Surroundings())[failure].seconds
    assert seconds
    return round(seconds)


def test_the_guard_looks_as_often_as_the_plan_counts_on() -> None:
    assert vars(guard)["_INTERVAL_SECONDS"] == LAST_LOOK_SECONDS


@pytest.mark.parametrize(("earlier", "expected"), [(LAST_LOOK_SECONDS + 1, False), (LAST_LOOK_SECONDS, True)])
def test_the_timer_powers_off_at_its_last_look_within_its_bound(box: Box, earlier: int, expected: bool) -> None:
    box.first_boot("true")
    box.up_for(_bound("eventbridge_fails") - earlier)
    assert powered_off(box) is expected


@pytest.mark.parametrize(("earlier", "expected"), [(LAST_LOOK_SECONDS + 1, False), (LAST_LOOK_SECONDS, True)])
def test_a_marker_that_cannot_be_written_powers_off_within_its_bound(box: Box, earlier: int, expected: bool) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    marker_missing_for(box, _bound("marker_unwritten") - earlier)
    assert powered_off(box) is expected
