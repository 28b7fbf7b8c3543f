"""What the oracle makes of uploads that an ending breaks off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action
from sandbox.simulation.judge.safety import a_stopped_instance_is_kept, no_upload_is_lost
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND

from .records import PREFIX, broken, checked, ended, launched, record

SEEN, BEGUN_BY_THE_SIGNAL = f"{PREFIX}big.pt", f"{PREFIX}last.pt"


@pytest.mark.parametrize(("lost", "wrong"), [(BEGUN_BY_THE_SIGNAL, False), (SEEN, True)])
def test_an_upload_that_the_signal_of_the_ending_began_could_not_be_seen(lost: str, *, wrong: bool) -> None:
    told = record({"grace_seconds": 0})
    launch = launched(told, 0)
    told.bucket.timeline.now = 9 * MINUTE
    told.bucket.begin_upload(SEEN, 10, 0, moves=True)
    told.bucket.timeline.now = 10 * MINUTE
    told.bucket.put(f"{PREFIX}done", 0)
    ended(told, launch, 10 * MINUTE + 2 * SECOND)
    told.endings[-1] = replace(told.endings[-1], looks=(10 * MINUTE + SECOND,), under_way=(lost,))
    assert broken(told, no_upload_is_lost) is wrong


@pytest.mark.parametrize(("there_at", "wrong"), [(65 * MINUTE, True), (2 * HOUR, False)])
def test_an_upload_was_given_up_an_hour_before_a_large_output_was_there_and_not_before_s3_dates_it(
    there_at: int, *, wrong: bool
) -> None:
    told = record({"grace_seconds": 0, "expected_outputs": ("model.pt",)})
    launch = launched(told, 0)
    told.bucket.timeline.now = 9 * MINUTE
    told.bucket.begin_upload(SEEN, 10, 0, moves=False)
    told.bucket.timeline.now = 10 * MINUTE
    output = told.bucket.begin_upload(f"{PREFIX}model.pt", 10, 0, moves=True)
    told.bucket.timeline.now = there_at
    told.bucket.complete_upload(output)
    ended(told, launch, there_at + 2 * SECOND)
    told.endings[-1] = replace(told.endings[-1], looks=(there_at + SECOND,), under_way=(SEEN,))
    assert broken(told, no_upload_is_lost) is wrong


@pytest.mark.parametrize("dated_back", [True, False])
def test_an_upload_may_have_been_given_up_an_hour_before_a_late_check_of_a_stopped_instance(
    *, dated_back: bool
) -> None:
    told = record({"expected_outputs": ("model.pt",), "on_complete": Action.TERMINATE})
    launch = launched(told, 0, left_running_at=11 * MINUTE)
    told.bucket.timeline.now = MINUTE
    told.bucket.begin_upload(SEEN, 10, 0, moves=False)
    output = told.bucket.begin_upload(f"{PREFIX}model.pt", 10, 0, moves=True)
    told.bucket.timeline.now = 10 * MINUTE
    if dated_back:
        told.bucket.complete_upload(output)
    else:
        told.bucket.put(f"{PREFIX}model.pt", 10)
    check = checked(told, launch, 3 * HOUR, "end")
    check.state_at_start = InstanceState.STOPPED
    told.terminated_stopped.append((3 * HOUR, launch, check))
    assert broken(told, a_stopped_instance_is_kept) is not dated_back
