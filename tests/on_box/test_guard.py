"""The box's own timer: the last to end a run, and only when nobody asked for time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from .box import FORCE, PREFIX, Box, wait_until

DAY = 24 * 3600
MARGIN = 20 * 60
OVERDUE = DAY + MARGIN + 60


def powered_off(box: Box) -> bool:
    """Whether a look of the guard powers the box off."""
    assert box.run("guard", QUICK="once") == 0
    return box.asked_of_systemd()[-1] == "poweroff"


def in_hours(hours: float, *, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """A time from now, as a person writes it into a tag."""
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime(form)


@pytest.mark.parametrize(("up_for", "expected"), [(DAY + MARGIN - 5, False), (DAY + MARGIN, True), (OVERDUE, True)])
def test_the_box_powers_off_20_minutes_after_the_deadline(box: Box, up_for: int, expected: bool) -> None:
    box.first_boot("true")
    box.up_for(up_for)
    assert powered_off(box) is expected


def test_the_reason_is_in_the_journal(box: Box) -> None:
    box.first_boot("true")
    box.up_for(OVERDUE)
    powered_off(box)
    assert box.journal == f"runctl: up for {OVERDUE} s, the limit is {DAY + MARGIN} s: powering off\n"


@pytest.mark.parametrize(("state", "expected"), [("stopping", False), ("running", True), ("", True)])
def test_force_is_for_a_box_that_refuses_and_does_not_go_down_already(box: Box, state: str, expected: bool) -> None:
    box.first_boot("true")
    box.up_for(OVERDUE)
    box.systemd_refuses(state)
    powered_off(box)
    assert (FORCE in box.asked_of_systemd()) is expected


def test_a_deadline_moved_while_training_is_the_one_that_counts(box: Box) -> None:
    box.first_boot("true")
    box.up_for(OVERDUE)
    box.around.tags["runctl:power-off-after-seconds"] = str(2 * DAY)
    assert not powered_off(box)


def test_without_a_limit_the_box_stays_up(box: Box) -> None:
    box.first_boot("true")
    box.up_for(100 * DAY)
    del box.around.tags["runctl:power-off-after-seconds"]
    assert not powered_off(box)


def test_a_limit_that_was_taken_away_no_longer_counts(box: Box) -> None:
    box.first_boot("true")
    powered_off(box)
    box.up_for(OVERDUE)
    del box.around.tags["runctl:power-off-after-seconds"]
    assert not powered_off(box)


def test_the_limit_seen_last_counts_while_the_metadata_service_is_silent(box: Box) -> None:
    box.first_boot("true")
    powered_off(box)
    box.up_for(OVERDUE)
    box.around.metadata_answers = False
    assert powered_off(box)


def test_the_limit_seen_last_counts_while_the_metadata_service_fails(box: Box) -> None:
    box.first_boot("true")
    powered_off(box)
    box.up_for(OVERDUE)
    box.around.metadata_status = 403
    assert powered_off(box)


@pytest.mark.parametrize(
    "limit", ["", "soon", "-1", "1e3", "$(touch owned)", "a[$(touch owned)]", "12345678901234567890"]
)
def test_a_limit_that_is_no_number_of_seconds_is_ignored_and_never_run(box: Box, limit: str) -> None:
    box.first_boot("true")
    box.up_for(100 * DAY)
    box.around.tags["runctl:power-off-after-seconds"] = limit
    assert (powered_off(box), (box.root / "home/owned").exists()) == (False, False)


@pytest.mark.parametrize(
    ("hours", "form"),
    [
        (1, "%Y-%m-%dT%H:%M:%SZ"),
        (1, "%Y-%m-%d %H:%M"),
        (1, "%Y-%m-%dT%H:%M:%S+00:00"),
        (-0.3, "%Y-%m-%dT%H:%M:%SZ"),
        (24 * 6.9, "%Y-%m-%dT%H:%M:%SZ"),
    ],
)
def test_a_hold_and_20_minutes_more_keep_the_box_up(box: Box, hours: float, form: str) -> None:
    box.first_boot("true")
    box.up_for(OVERDUE)
    box.around.tags["runctl:hold-until"] = in_hours(hours, form=form)
    assert not powered_off(box)


@pytest.mark.parametrize("hours", [-0.4, 24 * 7.1])
def test_a_hold_that_is_over_or_too_long_does_not_keep_the_box_up(box: Box, hours: float) -> None:
    box.first_boot("true")
    box.up_for(OVERDUE)
    box.around.tags["runctl:hold-until"] = in_hours(hours)
    assert powered_off(box)


@pytest.mark.parametrize("hold", ["", "for ever", "tomorrow", "2030-99-99", "$(date)"])
def test_a_hold_that_is_no_time_does_not_keep_the_box_up(box: Box, hold: str) -> None:
    box.first_boot("true")
    box.up_for(OVERDUE)
    box.around.tags["runctl:hold-until"] = hold
    assert powered_off(box)


def marker_missing_for(box: Box, seconds: int) -> None:
    """The training is over, and its marker could not be written since."""
    box.up_for(seconds + 60)
    box.unmarked_since.parent.mkdir(parents=True, exist_ok=True)
    box.unmarked_since.write_text("60")


@pytest.mark.parametrize(("seconds", "expected"), [(3500, False), (3700, True)])
def test_the_box_powers_off_when_the_marker_could_not_be_written_for_an_hour(
    box: Box, seconds: int, expected: bool
) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    marker_missing_for(box, seconds)
    assert powered_off(box) is expected


def test_a_missing_marker_does_not_power_off_a_box_that_only_reports(box: Box) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    del box.around.tags["runctl:power-off-unmarked-seconds"]
    marker_missing_for(box, DAY)
    assert not powered_off(box)


def test_a_hold_keeps_a_box_up_whose_marker_is_missing(box: Box) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    box.around.tags["runctl:hold-until"] = in_hours(1)
    marker_missing_for(box, DAY)
    assert not powered_off(box)


def test_a_marker_that_cannot_be_written_is_known_to_the_guard_until_it_is(box: Box) -> None:
    box.first_boot("touch over; /bin/sleep 0.5")
    process = box.start()
    wait_until((box.root / "home/over").exists)
    box.around.failing_uploads = 10**6
    wait_until(lambda: f"{PREFIX}training_complete.txt" in box.around.attempts)
    missing = box.unmarked_since.exists()
    box.around.failing_uploads = 0
    box.finish(process)
    assert (missing, box.unmarked_since.exists()) == (True, False)
