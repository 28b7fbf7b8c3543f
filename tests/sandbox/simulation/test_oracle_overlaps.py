"""What the oracle makes of checks that overlap, and of checks that wait and look again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Stalled
from monitor_runtime.contract.times import format_time
from sandbox.simulation.judge.audits import (
    a_check_tells_that_its_instance_lost_its_tags,
    an_audit_tells_what_was_taken_away,
)
from sandbox.simulation.judge.bookkeeping import (
    a_refusal_is_not_asked_for_ever,
    an_ending_is_told_once,
    the_recorded_outcome_is_true,
)
from sandbox.simulation.judge.liveness import a_check_ends_what_is_due, an_ended_run_is_settled_by_the_next_check
from sandbox.simulation.judge.removals import (
    a_marker_that_is_gone_is_told,
    a_removed_instance_is_no_news,
    nothing_is_made_for_what_is_being_removed,
)
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Notification, Record, Tagging
from sandbox.simulation.world.tampering import Tampering
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND, to_datetime
from sandbox.simulation.world.weather import Weather

from .records import PREFIX, broken, checked, ended, launched, record, tagged


@pytest.mark.parametrize(("ended_at", "wrong"), [(12, True), (14, False)])
def test_what_a_check_saw_that_still_goes_on_need_not_be_missed_by_the_next(ended_at: int, *, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0)
    told.bucket.timeline.now = 10 * MINUTE
    told.bucket.put(f"{PREFIX}done", 0)
    checked(told, launch, 11 * MINUTE).ended_at = ended_at * MINUTE
    told.bucket.timeline.now = 12 * MINUTE
    told.bucket.delete(f"{PREFIX}done")
    checked(told, launch, 13 * MINUTE)
    assert broken(told, a_marker_that_is_gone_is_told) is wrong


@pytest.mark.parametrize(("looked_again_after", "wrong"), [(0, True), (30, True), (60, False)])
def test_a_refusal_may_be_an_hour_old_when_a_check_that_waited_looks_again(
    looked_again_after: int, *, wrong: bool
) -> None:
    told = record({})
    launch = launched(told, 0)
    refused = f"3 {format_time(to_datetime(HOUR))} succeeded"
    told.taggings.append(Tagging(HOUR, 0, {"runctl:ending-refused": refused}, checked(told, launch, HOUR)))
    check = checked(told, launch, 2 * HOUR - 40 * SECOND, "end")
    check.described_at = 2 * HOUR - 40 * SECOND + looked_again_after * SECOND
    check.kinds["stop_instance"] = 1
    assert broken(told, a_refusal_is_not_asked_for_ever) is wrong


@pytest.mark.parametrize(("looked_again_at", "wrong"), [(8, True), (10, False)])
def test_a_check_that_waited_until_a_release_was_over_may_arm_the_switch(looked_again_at: int, *, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0)
    launch.releases.append(HOUR)
    check = checked(told, launch, HOUR + 8 * MINUTE)
    check.described_at = HOUR + looked_again_at * MINUTE
    check.kinds["put_deadline_switch"] = 1
    assert broken(told, nothing_is_made_for_what_is_being_removed) is wrong


def _removed() -> tuple[Record, Launch]:
    """Pulumi released an instance after 58 minutes, and removed it after an hour."""
    told = record({})
    launch = launched(told, 0, left_running_at=60 * MINUTE)
    launch.releases.append(58 * MINUTE)
    launch.left_by = "pulumi"
    return told, launch


@pytest.mark.parametrize(("begun_at", "wrong"), [(57, False), (59, True)])
def test_what_a_check_that_began_before_a_release_records_after_the_removal_is_news(
    begun_at: int, *, wrong: bool
) -> None:
    told, launch = _removed()
    slow = checked(told, launch, begun_at * MINUTE, "end")
    tagged(told, slow, 61 * MINUTE, Outcome.DEADLINE)
    settling = checked(told, launch, 62 * MINUTE, "settle")
    told.notifications.append(Notification(62 * MINUTE, launch.stamped, Outcome.DEADLINE, settling))
    assert broken(told, a_removed_instance_is_no_news) is wrong


@pytest.mark.parametrize("put_back", [True, False])
def test_an_instance_whose_tags_come_back_while_a_check_looks_is_not_told_as_lost(*, put_back: bool) -> None:
    told = record({})
    check = checked(told, launched(told, 0), HOUR, "over")
    check.tampered = Tampering.MONITOR_STRIPPED
    check.tampered_after = None if put_back else Tampering.MONITOR_STRIPPED
    check.state_at_end = InstanceState.RUNNING
    assert broken(told, a_check_tells_that_its_instance_lost_its_tags) is not put_back


@pytest.mark.parametrize(("described_at", "wrong"), [(59, False), (61, True)])
def test_what_a_check_saw_of_an_instance_before_its_removal_may_be_told_after_it(
    described_at: int, *, wrong: bool
) -> None:
    told, launch = _removed()
    check = checked(told, launch, described_at * MINUTE, "end")
    told.notifications.append(Notification(62 * MINUTE, launch.stamped, Outcome.SUCCEEDED, check))
    assert broken(told, a_removed_instance_is_no_news) is wrong


@pytest.mark.parametrize(("ended_at", "wrong"), [(HOUR + MINUTE, True), (HOUR + 3 * MINUTE, False)])
def test_an_outcome_that_an_overlapping_check_records_later_may_be_told_too(ended_at: int, *, wrong: bool) -> None:
    told = record({}, weather=Weather.OUTAGE)
    launch = launched(told, 0)
    other = checked(told, launch, HOUR, "end")
    other.ended_at = ended_at
    for minute in (2, 5):
        check = checked(told, launch, HOUR + minute * MINUTE, "end")
        told.notifications.append(Notification(check.started_at, launch.stamped, Outcome.FAILED, check))
    tagged(told, other, HOUR + 3 * MINUTE, Outcome.STALLED)
    assert broken(told, an_ending_is_told_once) is wrong


@pytest.mark.parametrize("uploads", [True, False])
def test_what_begins_to_upload_while_a_check_looks_has_not_stalled(*, uploads: bool) -> None:
    told = record({"stalled": Stalled(("checkpoints/*.pt",), 45)})
    launch = launched(told, 0)
    check = checked(told, launch, HOUR)
    check.state_at_end = InstanceState.RUNNING
    check.ended_at = HOUR + SECOND
    if uploads:
        told.bucket.timeline.now = HOUR + 500
        told.bucket.begin_upload(f"{PREFIX}checkpoints/last.pt", 1, 0, moves=True)
    assert broken(told, a_check_ends_what_is_due) is not uploads


@pytest.mark.parametrize(("back_after", "wrong"), [(500, False), (2 * SECOND, True)])
def test_a_marker_that_comes_back_while_a_check_looks_may_be_what_it_saw(back_after: int, *, wrong: bool) -> None:
    told = record({"max_runtime_hours": 1.0, "checkpoint_patterns": ("*.pt",)})
    launch = launched(told, 0)
    looked_at = HOUR + 2 * MINUTE
    for at in (HOUR - 2 * MINUTE, looked_at + back_after):
        told.bucket.timeline.now = at
        told.bucket.put(f"{PREFIX}done", 1)
    told.bucket.removed.append((HOUR + MINUTE, f"{PREFIX}done"))
    check = checked(told, launch, looked_at)
    check.state_at_end = InstanceState.RUNNING
    check.looked_until = check.ended_at = looked_at + SECOND
    assert broken(told, a_check_ends_what_is_due) is wrong


def _ended_with_a_switch_left() -> Record:
    told = record({"max_runtime_hours": 10.0}, weather=Weather.NOISY)
    told.scenario = replace(told.scenario, notifies=False)
    launch = launched(told, 0)
    ended(told, launch, HOUR)
    tagged(told, told.checks[-1], HOUR, Outcome.SUCCEEDED)
    after = checked(told, launch, HOUR + 10 * MINUTE, "over")
    after.state_at_start = after.state_at_end = InstanceState.STOPPED
    after.reply = {**(after.reply or {}), "instance": {"launched_at": launch.stamped, "state": "stopped"}}
    after.switch_after = 11 * HOUR
    return told


@pytest.mark.parametrize(
    ("failed", "overlaps", "wrong"), [(True, True, False), (True, False, True), (False, True, True)]
)
def test_a_switch_that_was_armed_during_an_ending_is_left_where_no_tag_tells_of_it(
    *, failed: bool, overlaps: bool, wrong: bool
) -> None:
    told = _ended_with_a_switch_left()
    arming = checked(told, told.launches[0], HOUR - MINUTE)
    arming.ended_at = HOUR + (1 if overlaps else -1)
    arming.kinds["put_deadline_switch"] = 1
    arming.failed["tag_instance"] += failed
    assert broken(told, an_ended_run_is_settled_by_the_next_check) is wrong


@pytest.mark.parametrize(("armed", "wrong"), [(1, False), (0, True)])
def test_an_audit_need_not_tell_of_a_switch_that_an_overlapping_check_arms_again(armed: int, *, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0)
    other = checked(told, launch, 59 * MINUTE)
    other.ended_at = 61 * MINUTE
    other.kinds["put_deadline_switch"] = armed
    audit = checked(told, launch, HOUR, trigger="audit")
    audit.state_at_end = InstanceState.RUNNING
    audit.tampered = audit.tampered_after = Tampering.SWITCH_DELETED
    assert broken(told, an_audit_tells_what_was_taken_away) is wrong


@pytest.mark.parametrize(("kind", "wrong"), [("describe_instance", False), ("tag_instance", True)])
def test_a_check_writes_over_the_outcome_of_another_where_ec2_does_not_show_it(kind: str, *, wrong: bool) -> None:
    told = record({}, weather=Weather.OUTAGE)
    launch = launched(told, 0, left_running_at=2 * HOUR)
    for outcome, at in ((Outcome.SUCCEEDED, 2 * HOUR + SECOND), (Outcome.DEADLINE, 2 * HOUR + 9 * SECOND)):
        check = checked(told, launch, 2 * HOUR, "end")
        tagged(told, check, at, outcome)
    told.injected.append((2 * HOUR + 5 * SECOND, kind))
    assert broken(told, the_recorded_outcome_is_true) is wrong


@pytest.mark.parametrize(("ended_at", "wrong"), [(HOUR, False), (2 * HOUR, True)])
def test_what_is_carried_was_true_when_it_was_worked_out(ended_at: int, *, wrong: bool) -> None:
    told = record({"on_failure": Action.REPORT})
    launch = launched(told, 0)
    told.bucket.timeline.now = 30 * MINUTE
    told.bucket.put(f"{PREFIX}training_failed.txt", 0)
    told.bucket.timeline.now = 90 * MINUTE
    told.bucket.delete(f"{PREFIX}training_failed.txt")
    carrying = checked(told, launch, 2 * HOUR)
    tagged(told, carrying, 2 * HOUR, Outcome.FAILED, ended_at=ended_at)
    assert broken(told, the_recorded_outcome_is_true) is wrong


@pytest.mark.parametrize(("interrupted_at", "wrong"), [(31 * MINUTE, False), (None, True)])
def test_what_was_recorded_as_ec2_took_the_instance_stays_though_its_marker_is_deleted(
    interrupted_at: int | None, *, wrong: bool
) -> None:
    told = record({})
    launch = launched(told, 0, left_running_at=40 * MINUTE)
    launch.left_by = "interruption"
    told.interrupted_at = interrupted_at
    told.bucket.timeline.now = 30 * MINUTE
    told.bucket.put(f"{PREFIX}done", 0)
    told.bucket.timeline.now = 35 * MINUTE
    told.bucket.delete(f"{PREFIX}done")
    for at, decision in ((32 * MINUTE, "interrupt"), (HOUR, "settle")):
        tagged(told, checked(told, launch, at, decision), at, Outcome.SUCCEEDED)
    assert broken(told, the_recorded_outcome_is_true) is wrong


@pytest.mark.parametrize(("by_us", "wrong"), [(True, True), (False, False)])
def test_checks_that_wake_at_once_each_tell_of_what_they_find_ended(*, by_us: bool, wrong: bool) -> None:
    told = record({})
    launch = launched(told, 0)
    if by_us:
        ended(told, launch, HOUR)
    for minute in (60, 61, 62):
        check = checked(told, launch, minute * MINUTE, "settle")
        check.ended_at = 63 * MINUTE
        told.notifications.append(Notification(check.ended_at, launch.stamped, Outcome.INTERRUPTED, check))
    assert broken(told, an_ending_is_told_once) is wrong
