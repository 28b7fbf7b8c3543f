"""What the oracle makes of two markers of which a page shows one: either may be the one that counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Outcome
from sandbox.simulation.judge.bookkeeping import the_recorded_outcome_is_true
from sandbox.simulation.judge.liveness import (
    a_check_ends_what_is_due,
    a_finished_run_is_ended_in_time,
    a_noticed_completion_is_ended_at_once,
)
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

from .records import PREFIX, broken, checked, ended, launched, record, tagged, wrote


@pytest.mark.parametrize(("page_size", "wrong"), [(1000, True), (2, False)])
def test_of_two_markers_on_several_pages_the_grace_of_either_may_be_waited_for(page_size: int, *, wrong: bool) -> None:
    told = record({"grace_seconds": 300})
    told.scenario = replace(told.scenario, page_size=page_size)
    launch = launched(told, 0)
    wrote(told, 10 * MINUTE, "done", "COMPLETE", "other")
    checked(told, launch, 11 * MINUTE)
    ended(told, launch, 15 * MINUTE + 20 * SECOND)
    assert broken(told, a_noticed_completion_is_ended_at_once) is wrong


@pytest.mark.parametrize(("page_size", "before", "wrong"), [(1000, 1, True), (3, 1, True), (3, 2, False)])
def test_of_two_markers_on_several_pages_it_is_not_known_which_counts(
    page_size: int, before: int, *, wrong: bool
) -> None:
    told = record({"grace_seconds": 300}, weather=Weather.NOISY)
    told.scenario = replace(told.scenario, page_size=page_size)
    wrote(told, 0, *(f"{number}" for number in range(before)))
    launch = launched(told, MINUTE)
    wrote(told, 10 * MINUTE, "training_complete.txt")
    wrote(told, 19 * MINUTE, "COMPLETE")
    checked(told, launch, 20 * MINUTE).state_at_end = InstanceState.RUNNING
    assert broken(told, a_check_ends_what_is_due) is wrong


@pytest.mark.parametrize(("folder", "hidden"), [("done/part-0", True), ("done/", True), ("COMPLETE", False)])
def test_a_marker_and_a_folder_of_its_name_are_two_entries_of_a_page(folder: str, *, hidden: bool) -> None:
    told = record({})
    told.scenario = replace(told.scenario, page_size=2)
    launch = launched(told, 0)
    wrote(told, MINUTE, "done", "COMPLETE", folder)
    assert Truth(told).may_hide_a_marker(launch, HOUR) is hidden


@pytest.mark.parametrize(("page_size", "wrong"), [(1000, True), (2, False)])
def test_of_two_markers_on_several_pages_the_later_may_say_how_the_run_ended(page_size: int, *, wrong: bool) -> None:
    told = record({})
    told.scenario = replace(told.scenario, page_size=page_size)
    launch = launched(told, 0, left_running_at=HOUR)
    told.bucket.put(f"{PREFIX}training_complete.txt", 20, b'{"exit_code":3}')
    wrote(told, MINUTE, "COMPLETE", "other")
    launch.left_by = "people"
    check = checked(told, launch, 2 * HOUR, "settle")
    tagged(told, check, 2 * HOUR, Outcome.SUCCEEDED)
    assert broken(told, the_recorded_outcome_is_true) is wrong


@pytest.mark.parametrize(("page_size", "wrong"), [(1000, True), (2, False)])
def test_of_two_markers_on_several_pages_the_one_that_still_has_to_be_verified_may_count(
    page_size: int, *, wrong: bool
) -> None:
    told = record({"grace_seconds": 60, "max_interval_seconds": 300, "checkpoint_patterns": ("last.pt",)})
    told.scenario = replace(told.scenario, page_size=page_size)
    launched(told, 0, left_running_at=50 * MINUTE)
    told.finished_at = HOUR
    told.bucket.timeline.now = 10 * MINUTE
    told.bucket.put(f"{PREFIX}training_complete.txt", 15, b'{"exit_code":3}')
    told.bucket.put(f"{PREFIX}other", 1)
    wrote(told, 11 * MINUTE, "done")
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("others", "hidden"), [(9, False), (10, True)])
def test_of_more_pages_than_are_read_it_is_not_known_whether_one_shows_a_failure(others: int, *, hidden: bool) -> None:
    told = record({"failure_markers": ("*.failed",)})
    told.scenario = replace(told.scenario, page_size=2)
    launch = launched(told, 0)
    wrote(told, MINUTE, "done", *(f"other-{number}" for number in range(others)))
    assert Truth(told).may_hide_a_marker(launch, HOUR) is hidden
