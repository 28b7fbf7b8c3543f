"""An instance that Pulumi is about to remove: its end is no news, and while it lives it is watched like any other."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.decisions import End, Interrupt, Over, Settle, Wait
from monitor_runtime.decide.observation import Observation

from ..builders import at, decided, instance, seen, settings, stored

DONE = stored("done", at(hours=2))
RECORDED = {
    names.TAG_OUTCOME: "succeeded",
    names.TAG_REASON: "marker done",
    names.TAG_ENDED_AT: format_time(at(hours=2)),
}
RELEASED = {names.TAG_RELEASED: format_time(at(hours=1))}


def ended_as(state: InstanceState, *objects: Any, **fields: Any) -> Observation:
    """An instance in this state, and what it had written."""
    return Observation(instance(state, **fields), objects=tuple(objects))


@pytest.mark.parametrize("state", [InstanceState.STOPPED, InstanceState.TERMINATED])
def test_the_end_of_an_instance_that_was_released_is_no_news(state: InstanceState) -> None:
    released = decided(settings(), ended_as(state, DONE, tags=RELEASED), at(hours=3), notifies=True)
    assert released == Over(f"instance is {state}: released 2026-03-02T10:00:00Z")


def test_a_switch_that_was_armed_for_a_released_instance_is_removed_without_a_word() -> None:
    armed = {**RELEASED, names.TAG_ARMED: "2026-03-03T09:10:00Z stop by team/dev/m"}
    decision = decided(settings(), ended_as(InstanceState.TERMINATED, tags=armed), at(hours=3), notifies=True)
    assert isinstance(decision, Settle)
    assert (decision.outcome, decision.record) == (None, False)


def test_an_ending_that_was_recorded_before_the_release_is_told() -> None:
    ended = ended_as(InstanceState.TERMINATED, tags={**RECORDED, **RELEASED})
    assert isinstance(decided(settings(), ended, at(hours=3), notifies=True), Settle)


def test_a_release_of_an_earlier_launch_does_not_count() -> None:
    tags = {names.TAG_RELEASED: format_time(at(hours=-1))}
    assert isinstance(decided(settings(), ended_as(InstanceState.TERMINATED, tags=tags), at(hours=3)), Settle)


def test_a_spot_warning_for_an_instance_that_is_being_removed_is_no_news() -> None:
    warned = seen(instance=instance(tags=RELEASED), interruption_warned=True)
    assert isinstance(decided(settings(), warned, at(hours=1, minutes=5)), Wait)
    assert isinstance(decided(settings(), warned, at(hours=1, minutes=11)), Interrupt)


def test_a_released_instance_that_is_complete_is_ended_like_any_other() -> None:
    world = seen(DONE, instance=instance(tags=RELEASED))
    decision = decided(settings(), world, at(hours=2, minutes=5))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action) == (Outcome.SUCCEEDED, Action.STOP)
