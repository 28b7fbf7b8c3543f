from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from sandbox.simulation.judge.costs import (
    LISTINGS,
    MOVES,
    an_event_waits_for_nothing,
    calls_are_bounded,
    what_is_unknown_is_left_to_the_heartbeat,
)
from sandbox.simulation.world.record import Record, Refusal
from sandbox.simulation.world.tampering import Tampering, TamperingPlan
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND

from .records import PREFIX, broken, checked, launched, record

THIRD_HOUR = 3 * HOUR
STEADY = {"initial_interval_seconds": 60, "max_interval_seconds": 120, "backoff_multiplier": 1.0}
GROWING = {**STEADY, "backoff_multiplier": 2.0}


def _told(settings: dict[str, float], **triggers: int) -> Record:
    """A launch whose third hour has a check every so many seconds, by trigger."""
    told = record(settings)
    launch = launched(told, 0)
    for trigger, seconds in triggers.items():
        for at in range(THIRD_HOUR, THIRD_HOUR + HOUR, seconds * SECOND):
            checked(told, launch, at, trigger=trigger.rstrip("_").replace("_", "-"))
    return told


def test_a_backoff_that_does_not_grow_comes_on_top_of_the_heartbeat() -> None:
    assert not broken(_told(STEADY, heartbeat=120, follow_up=60), calls_are_bounded)


def test_more_follow_ups_than_the_backoff_has_due_times_are_too_many() -> None:
    assert broken(_told(STEADY, heartbeat=120, follow_up=60, follow_up_=200), calls_are_bounded)


@pytest.mark.parametrize(("more", "wrong"), [(MOVES + 1, False), (MOVES + 7, True)])
def test_a_backoff_that_has_grown_leaves_the_checks_to_the_heartbeat(more: int, *, wrong: bool) -> None:
    told = _told(GROWING, heartbeat=120)
    for count in range(more):
        checked(told, told.launches[0], THIRD_HOUR + count * MINUTE, trigger="follow-up")
    assert broken(told, calls_are_bounded) is wrong


@pytest.mark.parametrize(("written", "wrong"), [("training_complete.txt", False), ("notes.txt", True)])
def test_a_run_that_was_complete_for_a_part_of_the_hour_is_looked_at_more_often(written: str, *, wrong: bool) -> None:
    told = _told(GROWING, heartbeat=120, follow_up=90)
    told.bucket.timeline.now = THIRD_HOUR
    told.bucket.put(PREFIX + written, 1)
    told.bucket.timeline.now = THIRD_HOUR + HOUR // 2
    told.bucket.delete(PREFIX + written)
    assert broken(told, calls_are_bounded) is wrong


@pytest.mark.parametrize(("listings", "wrong"), [(8 * LISTINGS, False), (8 * LISTINGS + 1, True)])
def test_a_check_that_is_not_over_may_have_looked_as_often_as_it_described_the_instance(
    listings: int, *, wrong: bool
) -> None:
    told = record({})
    unfinished = checked(told, launched(told, 0), THIRD_HOUR)
    unfinished.reply = unfinished.ended_at = None
    unfinished.kinds = Counter({"find_instances": 8, "list_folder": listings})
    assert broken(told, calls_are_bounded) is wrong


@pytest.mark.parametrize(("refused", "wrong"), [(True, False), (False, True)])
def test_checks_that_signal_a_training_in_vain_come_again_until_ec2_has_refused_three_times(
    *, refused: bool, wrong: bool
) -> None:
    told = _told({**GROWING, "shutdown_timeout_seconds": 600}, heartbeat=120)
    for count in range(MOVES + 18):
        checked(told, told.launches[0], THIRD_HOUR + count * MINUTE)
    if refused:
        told.refusals.append(Refusal(0, THIRD_HOUR))
    assert broken(told, calls_are_bounded) is wrong


@pytest.mark.parametrize(("took", "wrong"), [(10, False), (11, True)])
def test_an_event_takes_as_long_as_its_calls(took: int, *, wrong: bool) -> None:
    told = record({})
    slow = checked(told, launched(told, 0), HOUR, trigger="s3-event")
    slow.ended_at = HOUR + took * SECOND
    assert broken(told, an_event_waits_for_nothing) is wrong


@pytest.mark.parametrize("stripped", [True, False])
def test_what_is_unknown_may_have_a_follow_up_that_carries_what_a_stripped_instance_does_not_take(
    *, stripped: bool
) -> None:
    told = record({})
    told.scenario = replace(told.scenario, tampering=TamperingPlan(Tampering.MONITOR_STRIPPED, 0, 0))
    told.tampered_at = MINUTE if stripped else None
    blind = checked(told, launched(told, 0), THIRD_HOUR, trigger="follow-up")
    blind.reply = {"decision": "wait", "reason": "EC2 unknown: denied"}
    blind.kinds["put_follow_up"] += 1
    assert broken(told, what_is_unknown_is_left_to_the_heartbeat) is not stripped
