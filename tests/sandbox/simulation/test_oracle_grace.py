"""From when the oracle counts the grace of an output that S3 dates back to the beginning of its upload."""

from __future__ import annotations

import pytest

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.liveness import a_check_ends_what_is_due
from sandbox.simulation.judge.safety import grace_is_given_in_full
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.timeline import MINUTE, SECOND

from .records import PREFIX, broken, checked, ended, launched, record

KEY = f"{PREFIX}model.bin"
COMPLETED_AT = 20 * MINUTE + 500
GRACE = 5 * MINUTE
AHEAD, BEHIND = 1700, -1700


def _completed(skew: int, *, begun_at: int = 10 * MINUTE) -> Record:
    told = record({"markers": (), "expected_outputs": ("model.bin",), "grace_seconds": GRACE // SECOND}, skew=skew)
    launched(told, MINUTE)
    bucket = told.bucket
    bucket.timeline.now = begun_at
    upload = bucket.begin_upload(KEY, 10, 0, moves=True)
    bucket.timeline.now = COMPLETED_AT
    bucket.complete_upload(upload)
    return told


@pytest.mark.parametrize("skew", [AHEAD, 0, BEHIND])
@pytest.mark.parametrize(("early", "wrong"), [(0, False), (1, True)])
def test_it_is_counted_from_when_it_was_there_whatever_the_clock_of_s3_says(
    skew: int, early: int, *, wrong: bool
) -> None:
    told = _completed(skew)
    ended(told, told.launches[0], COMPLETED_AT + GRACE - early)
    assert broken(told, grace_is_given_in_full) is wrong


@pytest.mark.parametrize(("early", "wrong"), [(0, False), (1, True)])
def test_it_is_counted_from_the_date_that_s3_tells_where_that_is_later(early: int, *, wrong: bool) -> None:
    told = _completed(AHEAD, begun_at=COMPLETED_AT - SECOND)
    dated_at = 20 * MINUTE + SECOND
    ended(told, told.launches[0], dated_at + GRACE - early)
    assert broken(told, grace_is_given_in_full) is wrong


@pytest.mark.parametrize(("early", "wrong"), [(0, False), (1, True)])
def test_an_object_of_one_part_counts_from_the_date_that_s3_tells(early: int, *, wrong: bool) -> None:
    told = record({"grace_seconds": GRACE // SECOND}, skew=AHEAD)
    launch = launched(told, MINUTE)
    told.bucket.timeline.now = COMPLETED_AT
    told.bucket.put(f"{PREFIX}done", 0)
    dated_at = 20 * MINUTE + 2 * SECOND
    ended(told, launch, dated_at + GRACE - early)
    assert broken(told, grace_is_given_in_full) is wrong


@pytest.mark.parametrize(("seen_before", "wrong"), [(True, True), (False, False)])
def test_a_marker_that_is_written_again_is_counted_from_the_first_that_a_check_saw(
    *, seen_before: bool, wrong: bool
) -> None:
    told = record({"grace_seconds": GRACE // SECOND})
    launch = launched(told, MINUTE)
    for at in (10 * MINUTE, 14 * MINUTE):
        told.bucket.timeline.now = at
        told.bucket.put(f"{PREFIX}done", 0)
    checked(told, launch, (11 if seen_before else 9) * MINUTE)
    checked(told, launch, 10 * MINUTE + GRACE + MINUTE).state_at_end = InstanceState.RUNNING
    assert broken(told, a_check_ends_what_is_due) is wrong
