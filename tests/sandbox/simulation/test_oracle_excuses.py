"""What excuses a monitor, and what is asked of it all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.excuses import BESIDE_ANOTHER, BEYOND, MADE_GOOD, asked, is_beyond
from sandbox.simulation.judge.invariants import Violation
from sandbox.simulation.judge.oracle import INVARIANTS
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.scenario import ReplacementPlan
from sandbox.simulation.world.tampering import NEEDED, DenialPlan, Right
from sandbox.simulation.world.timeline import HOUR, MINUTE
from sandbox.simulation.world.weather import CALLS, Weather

from .records import PREFIX, launched, record

DENIED_AT = HOUR


def _without(right: Right) -> Record:
    """A run that writes its marker half an hour before and after the moment at which a right is denied."""
    told = record({"max_runtime_hours": 10.0, "verify_timeout_seconds": 600})
    told.scenario = replace(told.scenario, denial=DenialPlan(right, DENIED_AT))
    told.denied_at = DENIED_AT
    launched(told, 0)
    told.bucket.timeline.now = 30 * MINUTE
    told.bucket.put(f"{PREFIX}done", 20, b'{"exit_code":3}')
    return told


@pytest.mark.parametrize(
    ("right", "outcome"),
    [(Right.GET_OBJECT, Outcome.UNVERIFIED), (Right.LIST_BUCKET, None), (Right.PUBLISH, Outcome.FAILED)],
)
def test_what_s3_denies_to_read_is_unverified_and_what_it_denies_to_list_completes_nothing(
    right: Right, outcome: Outcome | None
) -> None:
    told = _without(right)
    truth, launch = Truth(told), told.launches[0]
    before = {due.outcome for due in truth.dues(launch, DENIED_AT - 1, DENIED_AT - 1)}
    after = {due.outcome for due in truth.dues(launch, DENIED_AT, DENIED_AT + HOUR)}
    assert (before, after) == ({Outcome.FAILED}, {outcome} - {None})


@pytest.mark.parametrize(
    ("right", "stops", "terminates"),
    [(Right.STOP, False, True), (Right.TERMINATE, True, False), (Right.CANCEL, True, True)],
)
def test_an_ending_needs_its_own_right(right: Right, *, stops: bool, terminates: bool) -> None:
    truth = Truth(_without(right))
    assert [truth.can_end(action, DENIED_AT) for action in (Action.STOP, Action.TERMINATE)] == [stops, terminates]
    assert truth.can_end(Action.STOP, DENIED_AT - 1)


def test_an_invariant_is_beyond_the_monitor_from_the_denial_on() -> None:
    truth, invariant = Truth(_without(Right.SEND_COMMAND)), "a_signalled_training_gets_its_time"
    assert not is_beyond(truth, invariant, DENIED_AT - 1)
    assert is_beyond(truth, invariant, DENIED_AT)
    assert not is_beyond(truth, "every_ending_has_a_cause", DENIED_AT)


def test_only_invariants_that_exist_are_excused() -> None:
    excused = {name for names in (*BEYOND.values(), BESIDE_ANOTHER, MADE_GOOD) for name in names}
    assert excused <= {invariant.__name__ for invariant in INVARIANTS}


@pytest.mark.parametrize(
    ("invariant", "abandons_old", "excused"),
    [
        ("a_check_ends_what_is_due", True, True),
        ("a_check_ends_what_is_due", False, False),
        ("nothing_runs_past_its_deadline", True, False),
    ],
)
def test_one_of_two_instances_may_wait_for_the_other_until_its_deadline(
    invariant: str, *, abandons_old: bool, excused: bool
) -> None:
    told = record({})
    told.scenario = replace(told.scenario, replacement=ReplacementPlan(0, "i-2", 0, abandons_old))
    told.replaced_at = 0
    assert is_beyond(Truth(told), invariant, HOUR) is excused


@pytest.mark.parametrize(
    ("weather", "times", "counted"),
    [(Weather.NOISY, 1, 0), (Weather.OUTAGE, 1, 0), (Weather.NOISY, 2, 2), (Weather.CALM, 1, 1)],
)
def test_in_bad_weather_one_check_may_miss_what_the_next_one_makes_good(
    weather: Weather, times: int, counted: int
) -> None:
    found = [Violation("a_check_ends_what_is_due", at, "") for at in range(times)]
    assert len(asked(Truth(record({}, weather=weather)), found)) == counted


@pytest.mark.parametrize("work", ["grace_is_given_in_full", "holds_are_respected", "endings_are_as_declared"])
def test_in_no_weather_is_work_lost_once(work: str) -> None:
    found = [Violation(work, 0, "")]
    assert asked(Truth(record({}, weather=Weather.OUTAGE)), found) == found


def test_every_call_that_needs_a_right_by_its_kind_is_one_that_may_fail() -> None:
    assert set(NEEDED) <= set(CALLS)
