"""A run that is complete: what it waits for, and what becomes of work that is in doubt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import Upload
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Refusable, noticed_value, refused_value
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.decisions import Decision, End, Wait
from monitor_runtime.decide.observation import Unknown

from ..builders import PREFIX, at, decided, instance, seen, settings, stored

DONE = stored("done", at(hours=2))
GIVE_UP = at(hours=2, minutes=15)
"""Five minutes of grace, ten of verification."""


def _upload(moved_at: datetime | None = None) -> Upload:
    return Upload(f"{PREFIX}last.pt", at(hours=2, minutes=1), "1", moved_at)


def _ending(decision: Decision) -> tuple[Outcome, Action, bool]:
    assert isinstance(decision, End)
    return decision.outcome, decision.action, decision.climbs


# Verification.


@pytest.mark.parametrize("on_complete", [Action.STOP, Action.TERMINATE])
def test_what_cannot_be_verified_in_time_is_stopped_and_what_cannot_be_stopped_is_kept(on_complete: Action) -> None:
    stuck = seen(DONE, uploads=(_upload(),))
    assert isinstance(decided(settings(on_complete=on_complete), stuck, at(hours=2, minutes=14)), Wait)
    ending = _ending(decided(settings(on_complete=on_complete), stuck, GIVE_UP))
    assert ending == (Outcome.UNVERIFIED, Action.STOP, False)


@pytest.mark.parametrize(("minutes", "kind"), [(4, Wait), (5, End)])
def test_an_upload_is_waited_for_as_long_as_parts_of_it_arrive(minutes: int, kind: type[Decision]) -> None:
    moving = seen(DONE, uploads=(_upload(at(hours=9)),))
    assert isinstance(decided(settings(), moving, at(hours=9, minutes=minutes)), kind)


@pytest.mark.parametrize(
    ("waited", "pause"),
    [
        (timedelta(0), timedelta(minutes=1)),
        (timedelta(minutes=4), timedelta(minutes=1)),
        (timedelta(minutes=8), timedelta(minutes=2)),
        (timedelta(hours=8), timedelta(minutes=5)),
    ],
)
def test_the_longer_an_upload_takes_the_less_often_it_is_looked_at(waited: timedelta, pause: timedelta) -> None:
    now = at(hours=2, minutes=5) + waited
    decision = decided(settings(), seen(DONE, uploads=(_upload(now),)), now)
    assert isinstance(decision, Wait)
    assert decision.recheck_at == now + pause


def test_an_upload_that_gets_on_is_not_waited_for_past_the_deadline() -> None:
    moving = seen(DONE, uploads=(_upload(at(hours=24, minutes=4)),))
    assert isinstance(decided(settings(), moving, at(hours=24, minutes=4)), Wait)
    ending = _ending(decided(settings(), moving, at(hours=24, minutes=5)))
    assert ending == (Outcome.UNVERIFIED, Action.STOP, True)


def _kept() -> dict[str, Any]:
    return {
        names.TAG_REFUSED: refused_value(1, GIVE_UP, Refusable.STOP_UNSUPPORTED),
        names.TAG_OUTCOME: "unverified",
        names.TAG_ENDED_AT: format_time(GIVE_UP),
    }


def test_what_ec2_cannot_stop_runs_on_until_its_deadline() -> None:
    kept = seen(DONE, uploads=(_upload(),), instance=instance(tags=_kept()))
    decision = decided(settings(), kept, at(hours=10))
    assert isinstance(decision, Wait)
    assert decision.reason.endswith("kept: EC2 cannot stop this instance")
    assert _ending(decided(settings(), kept, at(hours=24, minutes=5))) == (Outcome.UNVERIFIED, Action.STOP, True)


def test_what_was_kept_ends_as_succeeded_once_it_can_be_verified() -> None:
    verified = seen(DONE, instance=instance(tags=_kept()))
    ending = _ending(decided(settings(on_complete=Action.TERMINATE), verified, at(hours=10)))
    assert ending == (Outcome.SUCCEEDED, Action.TERMINATE, True)


# The deadline of a run that is complete.


@pytest.mark.parametrize("on_deadline", [Action.STOP, Action.TERMINATE])
def test_a_run_that_was_complete_before_its_deadline_has_its_grace_and_ends_as_succeeded(on_deadline: Action) -> None:
    run = settings(on_deadline=on_deadline)
    late = seen(stored("done", at(hours=23, minutes=58)))
    waits = decided(run, late, at(hours=24))
    assert isinstance(waits, Wait)
    assert waits.recheck_at == at(hours=24, minutes=3)
    assert _ending(decided(run, late, at(hours=24, minutes=3))) == (Outcome.SUCCEEDED, Action.STOP, True)


def test_five_minutes_after_its_deadline_a_grace_period_is_over_however_long_it_is() -> None:
    run = settings(grace_seconds=7200)
    late = seen(stored("done", at(hours=23, minutes=58)))
    waits = decided(run, late, at(hours=24))
    assert isinstance(waits, Wait)
    assert waits.recheck_at == at(hours=24, minutes=5)
    assert _ending(decided(run, late, at(hours=24, minutes=5)))[0] is Outcome.SUCCEEDED


def test_a_failure_before_the_deadline_ends_as_failed_by_its_own_rule() -> None:
    failed = seen(stored("FAILED", at(hours=23, minutes=50)))
    ending = _ending(decided(settings(on_failure=Action.TERMINATE), failed, at(hours=24)))
    assert ending[:2] == (Outcome.FAILED, Action.TERMINATE)


def test_what_is_written_after_the_deadline_does_not_count() -> None:
    decision = decided(settings(), seen(stored("done", at(hours=24, minutes=1))), at(hours=24, minutes=2))
    assert _ending(decision)[0] is Outcome.DEADLINE


def test_a_marker_that_cannot_be_read_until_after_the_deadline_proves_nothing() -> None:
    unread = seen(DONE, marker_body=Unknown("s3:GetObject: SlowDown"))
    assert isinstance(decided(settings(), unread, at(hours=24, minutes=4)), Wait)
    assert _ending(decided(settings(), unread, at(hours=24, minutes=5)))[0] is Outcome.UNVERIFIED


@pytest.mark.parametrize("now", [at(hours=23, minutes=30), at(hours=24, minutes=4), at(hours=24, minutes=6)])
def test_a_grace_period_that_goes_on_past_a_deadline_that_is_only_reported_is_waited_for_to_its_end(
    now: datetime,
) -> None:
    run = settings(grace_seconds=7200, on_deadline=Action.REPORT)
    waiting = decided(run, seen(stored("done", at(hours=23))), now)
    assert isinstance(waiting, Wait)
    assert waiting.recheck_at == at(hours=25)


# The grace period of a marker.


def test_a_marker_that_is_uploaded_again_has_its_grace_period_once() -> None:
    first_seen = {names.TAG_NOTICED: noticed_value("marker succeeded", at(hours=2))}
    again = seen(stored("done", at(hours=2, minutes=4)), instance=instance(tags=first_seen))
    assert _ending(decided(settings(), again, at(hours=2, minutes=5)))[0] is Outcome.SUCCEEDED


def test_a_failure_marker_has_a_grace_period_of_its_own() -> None:
    first_seen = {names.TAG_NOTICED: noticed_value("marker succeeded", at(hours=2))}
    failed = seen(DONE, stored("FAILED", at(hours=2, minutes=4)), instance=instance(tags=first_seen))
    waits = decided(settings(), failed, at(hours=2, minutes=5))
    assert isinstance(waits, Wait)
    assert waits.recheck_at == at(hours=2, minutes=9)


def test_a_first_sight_in_an_earlier_launch_does_not_count() -> None:
    first_seen = {names.TAG_NOTICED: noticed_value("marker succeeded", at(hours=-2))}
    assert isinstance(decided(settings(), seen(DONE, instance=instance(tags=first_seen)), at(hours=2)), Wait)


def test_outputs_that_keep_changing_are_a_training_at_work() -> None:
    run = settings(expected_outputs=("model.pt",))
    first_seen = {names.TAG_NOTICED: noticed_value(f"outputs of {format_time(at(hours=2))}", at(hours=2))}
    changed = seen(stored("model.pt", at(hours=2, minutes=4)), instance=instance(tags=first_seen))
    assert isinstance(decided(run, changed, at(hours=2, minutes=8)), Wait)


# Reports.


def test_each_outcome_is_reported_once() -> None:
    reporting = settings(on_complete=Action.REPORT, on_failure=Action.REPORT, on_deadline=Action.REPORT)
    idle_told = instance(tags={names.TAG_REPORTED: f"{format_time(at(hours=1))} idle"})
    both_told = instance(tags={names.TAG_REPORTED: f"{format_time(at(hours=2))} idle succeeded"})
    assert _ending(decided(reporting, seen(DONE, instance=idle_told), at(hours=3)))[0] is Outcome.SUCCEEDED
    assert isinstance(decided(reporting, seen(DONE, instance=both_told), at(hours=3)), Wait)
