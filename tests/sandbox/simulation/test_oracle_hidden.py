"""What the oracle knows to be hidden from the monitor: by a marker, or by what was not seen in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.settings import Stalled
from sandbox.simulation.judge.bookkeeping import the_recorded_outcome_is_true
from sandbox.simulation.judge.hanging import a_stalled_run_is_ended_in_time
from sandbox.simulation.judge.liveness import (
    a_finished_run_is_ended_in_time,
    a_noticed_completion_is_ended_at_once,
)
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import SpotKind
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.tampering import DenialPlan, Right
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

from .records import PREFIX, broken, checked, deny, ended, launched, record, tagged, wrote


def _uploaded(told: Record, name: str, begun_at: int, at: int) -> None:
    told.bucket.timeline.now = begun_at
    upload = told.bucket.begin_upload(f"{PREFIX}{name}", 10, 0, moves=True)
    told.bucket.timeline.now = at
    told.bucket.complete_upload(upload)


def _deleted(told: Record, at: int) -> None:
    told.bucket.timeline.now = at
    told.bucket.delete(f"{PREFIX}done")


@pytest.mark.parametrize(("deleted", "wrong"), [(True, False), (False, True)])
def test_outputs_that_count_from_first_sight_are_seen_once_the_marker_before_them_is_gone(
    *, deleted: bool, wrong: bool
) -> None:
    told = record({"expected_outputs": ("model.bin",), "grace_seconds": 1200, "max_interval_seconds": 300})
    launch = launched(told, 0, left_running_at=56 * MINUTE)
    _uploaded(told, "model.bin", MINUTE, 20 * MINUTE)
    if deleted:
        wrote(told, 20 * MINUTE, "done")
        _deleted(told, 32 * MINUTE)
    told.finished_at = HOUR
    checked(told, launch, 56 * MINUTE, "end")
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("right", "wrong"), [(Right.CREATE_SCHEDULE, False), (Right.METRIC, True)])
def test_outputs_that_count_from_first_sight_are_ended_by_the_next_heartbeat_where_no_follow_up_can_be_made(
    right: Right, *, wrong: bool
) -> None:
    told = record({"expected_outputs": ("model.bin",), "grace_seconds": 60, "max_interval_seconds": 300})
    deny(told, right)
    launched(told, 0, left_running_at=32 * MINUTE)
    _uploaded(told, "model.bin", MINUTE, 20 * MINUTE)
    told.finished_at = HOUR
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("warned_at", "wrong"), [(19, False), (1, True)])
def test_outputs_that_count_from_first_sight_are_not_looked_for_while_ec2_may_take_the_instance_back(
    warned_at: int, *, wrong: bool
) -> None:
    told = record({"expected_outputs": ("model.bin",), "grace_seconds": 1200, "max_interval_seconds": 300})
    told.interrupted_at = warned_at * MINUTE
    launched(told, 0, left_running_at=50 * MINUTE)
    _uploaded(told, "model.bin", MINUTE, 20 * MINUTE)
    told.finished_at = HOUR
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("deleted", "wrong"), [(True, False), (False, True)])
def test_outputs_that_a_marker_hid_until_their_grace_was_over_are_ended_a_little_late(
    *, deleted: bool, wrong: bool
) -> None:
    told = record({"expected_outputs": ("model.json",), "grace_seconds": 300})
    launch = launched(told, 0)
    wrote(told, 10 * MINUTE, "model.json")
    checked(told, launch, 11 * MINUTE)
    if deleted:
        wrote(told, 12 * MINUTE, "done")
        _deleted(told, 15 * MINUTE - SECOND)
    ended(told, launch, 15 * MINUTE + 20 * SECOND)
    assert broken(told, a_noticed_completion_is_ended_at_once) is wrong


@pytest.mark.parametrize(("deleted", "wrong"), [(True, False), (False, True)])
def test_a_marker_counts_once_the_one_before_it_is_gone(*, deleted: bool, wrong: bool) -> None:
    told = record({"grace_seconds": 60, "verify_timeout_seconds": 3600, "max_interval_seconds": 300})
    launched(told, 0, left_running_at=36 * MINUTE)
    if deleted:
        told.bucket.timeline.now = 10 * MINUTE
        told.bucket.put(f"{PREFIX}done", 1, b"{")
    wrote(told, 20 * MINUTE, "COMPLETE")
    if deleted:
        _deleted(told, 30 * MINUTE)
    told.finished_at = HOUR
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("left_at", "wrong"), [(1815, False), (1816, True)])
def test_the_pauses_of_verification_grow_from_the_end_of_grace(left_at: int, *, wrong: bool) -> None:
    settings = {"grace_seconds": 0, "verify_timeout_seconds": 600, "max_interval_seconds": 300}
    told = record({**settings, "checkpoint_patterns": ("missing.pt",)})
    launched(told, 0, left_running_at=left_at * SECOND)
    wrote(told, 600 * SECOND, "done")
    wrote(told, 1500 * SECOND, "late.pt")
    told.finished_at = HOUR
    assert broken(told, a_finished_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(
    ("spot", "right", "releases"),
    [
        (SpotKind.ONE_TIME, Right.METRIC, []),
        (SpotKind.NONE, Right.CREATE_SCHEDULE, []),
        (SpotKind.NONE, Right.METRIC, [1200 * SECOND]),
    ],
)
def test_where_no_follow_up_comes_verification_ends_by_the_next_heartbeat(
    spot: SpotKind, right: Right, releases: list[int]
) -> None:
    told = record({"grace_seconds": 0, "verify_timeout_seconds": 600, "max_interval_seconds": 300})
    launch = launched(told, 0, left_running_at=1940 * SECOND)
    wrote(told, 600 * SECOND, "done")
    wrote(told, 1500 * SECOND, "late.pt")
    told.finished_at = HOUR
    assert broken(told, a_finished_run_is_ended_in_time)
    told.scenario = replace(
        told.scenario, machine=replace(told.scenario.machine, spot=spot), denial=DenialPlan(right, 0)
    )
    told.denied_at, launch.releases = 0, releases
    assert not broken(told, a_finished_run_is_ended_in_time)


@pytest.mark.parametrize(("deleted", "wrong"), [(True, False), (False, True)])
def test_a_large_sign_of_progress_is_looked_for_once_the_marker_before_it_is_gone(
    *, deleted: bool, wrong: bool
) -> None:
    told = record({"stalled": Stalled(("*.pt",), 30), "shutdown_timeout_seconds": 0, "max_interval_seconds": 60})
    launch = launched(told, 0, left_running_at=94 * MINUTE)
    checked(told, launch, 1, trigger="first-check")
    _uploaded(told, "a.pt", MINUTE, 20 * MINUTE)
    if deleted:
        wrote(told, 25 * MINUTE, "done")
        _deleted(told, HOUR)
    told.finished_at = 2 * HOUR
    assert broken(told, a_stalled_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("left_at", "wrong"), [(94, False), (95, True)])
def test_a_run_whose_marker_was_taken_away_may_have_stalled_in_the_meantime(left_at: int, *, wrong: bool) -> None:
    told = record({"stalled": Stalled(("*.pt",), 30), "shutdown_timeout_seconds": 0, "max_interval_seconds": 60})
    checked(told, launched(told, 0, left_running_at=left_at * MINUTE), 1, trigger="first-check")
    wrote(told, 20 * MINUTE, "a.pt", "done")
    _deleted(told, 90 * MINUTE)
    told.finished_at = 2 * HOUR
    assert broken(told, a_stalled_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("right", "wrong"), [(Right.TAG, False), (Right.METRIC, True)])
def test_where_no_tag_tells_of_a_large_sign_of_progress_nothing_stalls(right: Right, *, wrong: bool) -> None:
    told = record({"stalled": Stalled(("*.pt",), 30), "shutdown_timeout_seconds": 0, "max_interval_seconds": 60})
    deny(told, right)
    launched(told, 0)
    _uploaded(told, "a.pt", MINUTE, 20 * MINUTE)
    told.finished_at = 2 * HOUR
    assert broken(told, a_stalled_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(("fails", "wrong"), [(True, False), (False, True)])
def test_a_first_check_that_failed_has_planned_nothing(*, fails: bool, wrong: bool) -> None:
    told = record({"stalled": Stalled(("*.pt",), 5), "shutdown_timeout_seconds": 0, "max_interval_seconds": 900})
    launch = launched(told, 0, left_running_at=16 * MINUTE)
    checked(told, launch, 1, trigger="first-check").error = ValueError() if fails else None
    told.finished_at = HOUR
    assert broken(told, a_stalled_run_is_ended_in_time) is wrong


@pytest.mark.parametrize(
    ("seen", "outcomes"),
    [(True, {Outcome.UNVERIFIED}), (False, {Outcome.UNVERIFIED, Outcome.SUCCEEDED})],
)
def test_an_upload_may_count_as_given_up_before_a_marker_whose_first_version_nobody_saw(
    outcomes: set[Outcome], *, seen: bool
) -> None:
    told = record({"grace_seconds": 60, "verify_timeout_seconds": 60})
    launch = launched(told, 0)
    told.bucket.timeline.now = 10 * MINUTE
    told.bucket.begin_upload(f"{PREFIX}last.pt", 10, 0, moves=False)
    wrote(told, HOUR, "done")
    if seen:
        checked(told, launch, HOUR + SECOND)
    wrote(told, HOUR + 20 * MINUTE, "done")
    found = Truth(told).dues(launch, 2 * HOUR, 2 * HOUR)
    assert {due.outcome for due in found} == outcomes
    sure = Truth(told).dues(launch, 2 * HOUR, 2 * HOUR, sure=True)
    assert {due.outcome for due in sure} == {Outcome.UNVERIFIED}
    launch.left_by, launch.left_running_at = "switch", 2 * HOUR
    check = checked(told, launch, 2 * HOUR + MINUTE, "settle")
    tagged(told, check, check.started_at, Outcome.SUCCEEDED)
    assert broken(told, the_recorded_outcome_is_true) is seen


@pytest.mark.parametrize(("trigger", "wrong"), [("audit", False), ("heartbeat", True)])
def test_a_reply_that_decided_nothing_hides_what_an_audit_reported_of_a_run_without_heartbeat(
    trigger: str, *, wrong: bool
) -> None:
    told = record({"stalled": Stalled(("*.pt",), 45)})
    launch = launched(told, 0)
    check = checked(told, launch, HOUR, "wait", trigger)
    tagged(told, check, HOUR, Outcome.STALLED)
    assert broken(told, the_recorded_outcome_is_true) is wrong


@pytest.mark.parametrize(("found_out", "wrong"), [("unverified", False), ("succeeded", True)])
def test_what_a_blind_check_made_of_a_marker_may_be_recorded_by_a_later_one(found_out: str, *, wrong: bool) -> None:
    told = record({}, weather=Weather.OUTAGE)
    launch = launched(told, 0, left_running_at=HOUR)
    wrote(told, MINUTE, "done")
    blind = checked(told, launch, 2 * HOUR, "settle")
    blind.disturbed, blind.reply = True, {"decision": "settle", "outcome": found_out}
    check = checked(told, launch, 3 * HOUR, "over")
    tagged(told, check, 3 * HOUR, Outcome.UNVERIFIED, reason="marker done, but uploads are not told")
    assert broken(told, the_recorded_outcome_is_true) is wrong


@pytest.mark.parametrize(
    ("blind", "reason", "wrong"),
    [(True, "S3 unknown", False), (True, "not complete", True), (False, "S3 unknown", True)],
)
def test_what_a_blind_check_found_out_may_be_recorded_by_a_later_one(reason: str, *, blind: bool, wrong: bool) -> None:
    told = record({}, weather=Weather.OUTAGE)
    launch = launched(told, 0, left_running_at=HOUR)
    wrote(told, MINUTE, "done")
    launch.left_by = "people"
    checked(told, launch, 2 * HOUR, "settle").disturbed = blind
    check = checked(told, launch, 3 * HOUR, "over")
    tagged(told, check, 3 * HOUR, Outcome.INTERRUPTED, reason=reason)
    assert broken(told, the_recorded_outcome_is_true) is wrong
