"""What is left to do for an instance that stopped by itself, is stuck, or was kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import safe_value
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.decisions import Decision, End, ForceStop, Over, Settle, TerminateStopped
from monitor_runtime.decide.observation import Observation, Unknown

from ..builders import at, decided, instance, settings, stored

DONE = stored("done", at(hours=2))
FAILED = stored("FAILED", at(hours=2))
TERMINATE = settings(on_complete=Action.TERMINATE, on_failure=Action.TERMINATE)
NOW = at(hours=3)


def _stopped(*objects: Any, tags: dict[str, str] | None = None, **fields: Any) -> Observation:
    stopped = instance(InstanceState.STOPPED, state_changed_at=at(hours=2, minutes=1), tags=tags or {})
    return replace(Observation(stopped, objects=objects, uploads=(), checkpoints=()), **fields)


def _recorded(outcome: Outcome) -> dict[str, str]:
    return {names.TAG_OUTCOME: outcome, names.TAG_ENDED_AT: format_time(at(hours=2))}


# Terminated as declared, also where the instance stopped itself.


@pytest.mark.parametrize(("marker", "outcome"), [(DONE, Outcome.SUCCEEDED), (FAILED, Outcome.FAILED)])
def test_a_run_that_stopped_itself_is_terminated_where_that_is_declared(marker: Any, outcome: Outcome) -> None:
    decision = decided(TERMINATE, _stopped(marker), NOW)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action) == (outcome, Action.TERMINATE)


def test_a_run_that_stopped_itself_stays_stopped_where_a_stop_is_declared() -> None:
    assert isinstance(decided(settings(), _stopped(DONE), NOW), Settle)


def test_a_run_that_stopped_itself_and_cannot_be_verified_is_kept() -> None:
    decision = decided(TERMINATE, _stopped(DONE, uploads=Unknown("denied", permanent=True)), at(hours=5))
    assert isinstance(decision, Settle)
    assert decision.outcome is Outcome.UNVERIFIED


@pytest.mark.parametrize("reason", ["spot interruption: marker done", "refused: marker done"])
def test_work_that_arrived_after_it_was_recorded_as_unverified_is_a_success(reason: str) -> None:
    recorded = {**_recorded(Outcome.UNVERIFIED), names.TAG_REASON: reason}
    decision = decided(settings(), _stopped(DONE, tags=recorded), NOW)
    assert isinstance(decision, Settle)
    assert (decision.outcome, decision.is_news) == (Outcome.SUCCEEDED, True)


@pytest.mark.parametrize(("seconds", "outcome"), [(-1, Outcome.FAILED), (1, Outcome.SUCCEEDED)])
def test_a_failure_marker_counts_against_a_recorded_success_unless_the_shutdown_wrote_it(
    seconds: int, outcome: Outcome
) -> None:
    recorded = {**_recorded(Outcome.SUCCEEDED), names.TAG_REASON: "spot interruption: marker done"}
    failed = stored("FAILED", at(hours=2, minutes=1) + timedelta(seconds=seconds))
    decision = decided(settings(), _stopped(DONE, failed, tags=recorded), NOW)
    assert isinstance(decision, Settle)
    assert decision.outcome is outcome


@pytest.mark.parametrize("notified", [True, False])
def test_an_ending_that_one_check_made_and_told_while_another_was_refused_is_no_news(*, notified: bool) -> None:
    recorded = {**_recorded(Outcome.SUCCEEDED), names.TAG_REASON: "refused: marker done"}
    told = {names.TAG_NOTIFIED: format_time(at(hours=2, minutes=1))} if notified else {}
    decision = decided(settings(), _stopped(DONE, tags={**recorded, **told}), NOW)
    assert isinstance(decision, Settle)
    assert (decision.outcome, decision.is_news) == (Outcome.SUCCEEDED, not notified)


def test_a_run_that_was_paused_by_hand_is_kept() -> None:
    decision = decided(TERMINATE, _stopped(), NOW)
    assert isinstance(decision, Settle)
    assert decision.outcome is Outcome.INTERRUPTED


def test_a_run_that_stopped_itself_on_hold_is_recorded_and_terminated_after_it() -> None:
    held = {names.TAG_HOLD_UNTIL: format_time(at(hours=8))}
    settled = decided(TERMINATE, _stopped(DONE, tags=held), NOW)
    assert isinstance(settled, Settle)
    recorded = {**held, **_recorded(Outcome.SUCCEEDED), names.TAG_REASON: safe_value(settled.reason)}
    assert isinstance(decided(TERMINATE, _stopped(tags=recorded), NOW), Over)
    assert isinstance(decided(TERMINATE, _stopped(tags=recorded), at(hours=8)), TerminateStopped)


def test_a_termination_that_ec2_refused_is_asked_for_again() -> None:
    found = {names.TAG_REASON: "instance found stopped marker done"}
    refused = {names.TAG_REFUSED: f"1 {format_time(at(hours=2))} succeeded"}
    decision = decided(TERMINATE, _stopped(tags={**_recorded(Outcome.SUCCEEDED), **found, **refused}), NOW)
    assert isinstance(decision, TerminateStopped)


def test_a_recorded_stop_is_not_terminated_when_the_declaration_changes() -> None:
    assert isinstance(decided(TERMINATE, _stopped(tags=_recorded(Outcome.SUCCEEDED)), NOW), Over)


# Kept for some days.


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_succeeded_is_terminated_after_some_days(outcome: Outcome) -> None:
    decision = decided(settings(terminate_after_days=1), _stopped(tags=_recorded(outcome)), at(days=9))
    assert isinstance(decision, TerminateStopped) is (outcome is Outcome.SUCCEEDED)


# Stuck on the way to a stop.


@pytest.mark.parametrize(("shutdown_seconds", "patience"), [(30, 600), (120, 600), (480, 600), (600, 720)])
def test_a_stop_is_forced_only_after_the_trainings_own_time_to_shut_down(shutdown_seconds: int, patience: int) -> None:
    def after(seconds: float) -> Decision:
        stopping = Observation(instance(InstanceState.STOPPING, state_changed_at=at(hours=2)))
        run = settings(shutdown_timeout_seconds=shutdown_seconds)
        return decided(run, stopping, at(hours=2) + timedelta(seconds=seconds))

    assert isinstance(after(patience), Over)
    assert isinstance(after(patience + 1), ForceStop)


# What was only reported is not the ending.


def test_what_was_reported_before_the_stop_is_not_how_the_run_ended() -> None:
    reported = {**_recorded(Outcome.IDLE), names.TAG_REPORTED: f"{format_time(at(hours=1))} idle"}
    decision = decided(settings(), _stopped(DONE, tags=reported), NOW)
    assert isinstance(decision, Settle)
    assert (decision.outcome, decision.record) == (Outcome.SUCCEEDED, True)
