from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import StoredObject, Upload
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Stalled
from monitor_runtime.decide.decisions import End, Wait
from monitor_runtime.decide.observation import Progress, Unknown
from monitor_runtime.decide.stalled import (
    is_sign_of_progress,
    least_progress,
    progress,
    progress_since,
    signs_of_progress,
    stall_reason,
)

from ..builders import LAUNCH, PREFIX, at, decided, seen, settings, stored

STALLED = Stalled(("checkpoints/*.pt", "step-*.ckpt"), 60)
RUN = settings(stalled=STALLED, on_failure=Action.TERMINATE)
NOTHING_NOTED = Memory()
OLD = progress_since(STALLED, at(hours=1))


def _large(name: str, began_at: datetime, size: int = 5) -> StoredObject:
    return replace(stored(name, began_at, size), multipart=True)


def _progress(*signs: StoredObject, memory: Memory = NOTHING_NOTED, seen_at: datetime | None = None) -> Progress:
    return progress(STALLED, signs, LAUNCH, memory, seen_at or at(hours=9))


def _noted(found: Progress) -> Memory:
    return Memory(progress=found.large, progress_at=found.large_seen_at)


@pytest.mark.parametrize("objects", [(), (stored("done", at(hours=24, minutes=1)),)])
def test_a_deadline_that_is_only_reported_keeps_no_ending_back(objects: tuple[StoredObject, ...]) -> None:
    """As long as the topic refuses the message, it is reported at each check."""
    run = settings(stalled=STALLED, grace_seconds=0, on_deadline=Action.REPORT)
    ending = decided(run, seen(*objects, progress=OLD), at(hours=25))
    assert isinstance(ending, End)
    assert (ending.outcome, ending.action) == (Outcome.SUCCEEDED if objects else Outcome.STALLED, Action.STOP)


# What is a sign of progress.


@pytest.mark.parametrize(
    ("name", "written_at", "is_sign"),
    [
        ("checkpoints/1.pt", at(minutes=1), True),
        ("step-7.ckpt", at(minutes=1), True),
        ("checkpoints/1.pt", LAUNCH - timedelta(seconds=1), False),
        ("checkpoints/1.pt.tmp", at(minutes=1), False),
        ("checkpoints/old/1.pt", at(minutes=1), False),
        ("logs/1.pt", at(minutes=1), False),
    ],
)
def test_only_what_this_launch_wrote_under_such_a_name_is_progress(
    name: str, written_at: datetime, is_sign: bool
) -> None:
    assert bool(signs_of_progress(RUN, STALLED, [stored(name, written_at)], LAUNCH)) is is_sign


# Since when there was none.


def test_without_any_object_it_counts_since_the_launch() -> None:
    assert _progress() == Progress(LAUNCH, at(minutes=60))


def test_it_counts_since_the_newest_object() -> None:
    found = _progress(stored("checkpoints/2.pt", at(minutes=40)), stored("checkpoints/1.pt", at(minutes=20)))
    assert found == Progress(at(minutes=40), at(minutes=100))


def test_a_large_object_counts_from_when_it_was_first_seen() -> None:
    found = _progress(_large("checkpoints/1.pt", at(minutes=10)), seen_at=at(minutes=80))
    assert (found.since, found.stalled_at) == (at(minutes=80), at(minutes=140))


def test_a_large_object_that_is_remembered_does_not_count_anew() -> None:
    large = _large("checkpoints/1.pt", at(minutes=10))
    noted = _noted(_progress(large, seen_at=at(minutes=80)))
    assert _progress(large, memory=noted, seen_at=at(minutes=130)).stalled_at == at(minutes=140)


@pytest.mark.parametrize(
    "later",
    [
        [_large("checkpoints/1.pt", at(minutes=10)), _large("checkpoints/2.pt", at(minutes=11))],
        [_large("checkpoints/1.pt", at(minutes=10)), _large("checkpoints/2.pt", at(minutes=9))],
        [_large("checkpoints/1.pt", at(minutes=12))],
    ],
    ids=["one more", "one that began earlier", "written anew"],
)
def test_another_large_object_counts_from_when_it_was_first_seen(later: list[StoredObject]) -> None:
    noted = _noted(_progress(_large("checkpoints/1.pt", at(minutes=10)), seen_at=at(minutes=20)))
    assert _progress(*later, memory=noted, seen_at=at(minutes=90)).since == at(minutes=90)


def test_a_small_object_that_is_newer_than_the_first_sight_of_a_large_one_counts() -> None:
    large = _large("checkpoints/1.pt", at(minutes=10))
    noted = _noted(_progress(large, seen_at=at(minutes=20)))
    found = _progress(large, stored("checkpoints/2.pt", at(minutes=50)), memory=noted)
    assert found.since == at(minutes=50)


@pytest.mark.parametrize("signs", [[], [_large("checkpoints/1.pt", at(minutes=50))]], ids=["nothing", "a large one"])
def test_some_of_the_objects_prove_nothing_without_a_small_one(signs: list[StoredObject]) -> None:
    assert least_progress(STALLED, signs) is None


def test_some_of_the_objects_prove_that_it_has_not_stalled_before_their_time_is_over() -> None:
    assert least_progress(STALLED, [stored("checkpoints/1.pt", at(minutes=50))]) == progress_since(
        STALLED, at(minutes=50)
    )


# Uploads under way.


@pytest.mark.parametrize(
    ("name", "began_at", "objects", "is_sign"),
    [
        ("checkpoints/2.pt", at(minutes=5), [], True),
        ("checkpoints/2.pt", LAUNCH - timedelta(minutes=5), [], False),
        ("logs/train.log", at(minutes=5), [], False),
        ("checkpoints/2.pt", at(minutes=5), [stored("checkpoints/2.pt", at(minutes=4))], True),
        ("checkpoints/2.pt", at(minutes=5), [stored("checkpoints/2.pt", at(minutes=6))], False),
        ("checkpoints/2.pt", at(minutes=5), [stored("checkpoints/3.pt", at(minutes=6))], True),
    ],
    ids=["of this launch", "of an earlier one", "another name", "written before", "written since", "another since"],
)
def test_an_upload_of_this_launch_is_progress_until_a_newer_object_has_its_name(
    name: str, began_at: datetime, objects: list[StoredObject], is_sign: bool
) -> None:
    assert is_sign_of_progress(RUN, STALLED, Upload(PREFIX + name, began_at), objects, LAUNCH) is is_sign


# What is decided.


def test_a_run_that_wrote_nothing_for_so_long_is_signalled_and_ended_like_a_failure() -> None:
    decision = decided(RUN, seen(progress=OLD), at(hours=2))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action, decision.signal_first) == (Outcome.STALLED, Action.TERMINATE, True)
    assert decision.reason == (
        "no new object has matched checkpoints/*.pt, step-*.ckpt since 2026-03-02T10:00:00Z, for 60 minutes"
    )


@pytest.mark.parametrize(
    "unstalled",
    [
        None,
        Unknown("s3:ListObjectsV2: SlowDown"),
        Unknown("more than 5 pages of keys", permanent=True),
        replace(OLD, uploading="checkpoints/2.pt"),
        progress_since(STALLED, at(hours=1, seconds=1)),
    ],
    ids=["not looked", "unknown", "too many keys", "uploading", "a second left"],
)
def test_what_is_not_known_to_have_stalled_goes_on(unstalled: Any) -> None:
    assert isinstance(decided(RUN, seen(progress=unstalled), at(hours=2)), Wait)


@pytest.mark.parametrize("marker", ["done", "FAILED"])
def test_in_the_grace_of_a_completion_nothing_stalls(marker: str) -> None:
    completed = seen(stored(marker, at(hours=1, minutes=59)), progress=OLD)
    assert isinstance(decided(RUN, completed, at(hours=2)), Wait)


def test_who_does_not_ask_for_it_has_no_run_that_stalls() -> None:
    assert stall_reason(None, OLD, at(hours=9)) is None


def test_the_next_check_comes_when_the_run_will_have_stalled() -> None:
    late = settings(stalled=STALLED, max_interval_seconds=3600)
    decision = decided(late, seen(progress=progress_since(STALLED, at(hours=8))), at(hours=8, minutes=59))
    assert isinstance(decision, Wait)
    assert decision.recheck_at == at(hours=9)


def test_a_run_that_only_its_upload_keeps_is_left_to_the_heartbeat() -> None:
    decision = decided(RUN, seen(progress=replace(OLD, uploading="checkpoints/2.pt")), at(hours=2))
    assert isinstance(decision, Wait)
    assert decision.recheck_at == at(hours=24)
