from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import memory, names
from monitor_runtime.contract.memory import Hold, Memory, Refusable, safe_value
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time, parse_time

from ..builders import LAUNCH, at, instance

NOW = at(hours=3)
BEFORE_LAUNCH = "2026-03-02T08:59:59Z"
AT_LAUNCH = "2026-03-02T09:00:00Z"
AFTER_LAUNCH = "2026-03-02T09:00:01Z"


# Times.


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-02T12:00:00Z", NOW),
        ("2026-03-02T12:00:00+00:00", NOW),
        ("2026-03-02T13:00:00+01:00", NOW),
        ("2026-03-02T12:00", NOW),
        ("2026-03-02 12:00:00", NOW),
        ("  2026-03-02T12:00:00Z\n", NOW),
        ("20260302T120000Z", NOW),
        ("2026-03-02", at(hours=-9)),
        ("", None),
        ("tomorrow", None),
        ("1772452800", None),
        ("12:00", None),
        ("2026-02-30T12:00:00Z", None),
        ("2026-03-02T25:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
    ],
)
def test_a_time_of_iso_8601_is_read_and_without_a_zone_it_is_utc(written: str, moment: datetime | None) -> None:
    assert parse_time(written) == moment


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (NOW, "2026-03-02T12:00:00Z"),
        (NOW.replace(microsecond=999_999), "2026-03-02T12:00:00Z"),
        (datetime(2026, 3, 2, 13, 0, tzinfo=timezone(timedelta(hours=1))), "2026-03-02T12:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc_to_the_second(moment: datetime, written: str) -> None:
    assert format_time(moment) == written


# Hold.


def _remembered(tags: dict[str, str]) -> Memory:
    return Memory.of(instance(tags=tags), NOW)


def _held(value: str) -> Hold:
    return _remembered({names.TAG_HOLD_UNTIL: value}).hold


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("2026-03-02T12:00:01Z", NOW + timedelta(seconds=1)),
        ("2026-03-02T14:00:01+02:00", NOW + timedelta(seconds=1)),
        ("2026-03-09T12:00:00Z", NOW + timedelta(days=7)),
        ("2026-03-02T12:00:00Z", None),
        ("2026-03-02T11:59:59Z", None),
        ("2020-01-01", None),
        ("", None),
        ("  ", None),
    ],
    ids=["soon", "another zone", "7 days ahead", "now", "just over", "long over", "empty", "blank"],
)
def test_a_hold_is_in_force_while_it_lies_in_the_future(value: str, until: datetime | None) -> None:
    assert _held(value) == Hold(until)


def test_without_tags_nothing_is_remembered() -> None:
    assert Memory.of(instance(), NOW) == Memory()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-03-09T12:00:01Z", "more than 7 days ahead"),
        ("9999-12-31T23:59:59Z", "more than 7 days ahead"),
        ("next week", "is not a time, and is ignored: write it like"),
        ("1772452800", "is not a time, and is ignored: write it like"),
        ("true", "is not a time, and is ignored: write it like"),
    ],
)
def test_a_hold_that_cannot_count_is_ignored_and_the_tag_and_its_value_are_named(value: str, words: str) -> None:
    hold = _held(value)
    assert hold.until is None
    assert hold.problem
    assert hold.problem.startswith(f"runctl:hold-until {value!r} ")
    assert words in hold.problem


# What belongs to the present launch.


def _ended(value: str, moment: str, launched_at: datetime | None = LAUNCH) -> Instance:
    told = {names.TAG_OUTCOME: value, names.TAG_ENDED_AT: moment, names.TAG_REASON: "marker done"}
    return instance(tags=told, launched_at=launched_at)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (_ended("succeeded", AFTER_LAUNCH), Outcome.SUCCEEDED),
        (_ended("unverified", "2026-03-05T00:00:00Z"), Outcome.UNVERIFIED),
        (_ended("failed", AT_LAUNCH, launched_at=None), Outcome.FAILED),
        (_ended("succeeded", BEFORE_LAUNCH), None),
        (_ended("succeeded", AT_LAUNCH), None),
        (_ended("succeeded", ""), None),
        (_ended("succeeded", "soon"), None),
        (_ended("SUCCEEDED", AFTER_LAUNCH), None),
        (_ended("", AFTER_LAUNCH), None),
        (instance(), None),
    ],
    ids=[
        "a second later",
        "later",
        "launch unknown",
        "earlier launch",
        "looked before the launch",
        "no time",
        "bad time",
        "case",
        "empty",
        "no tags",
    ],
)
def test_an_outcome_counts_when_it_is_of_the_present_launch(told: Instance, outcome: Outcome | None) -> None:
    assert Memory.of(told, NOW).outcome == outcome


@pytest.mark.parametrize(("moment", "ended_at"), [(AFTER_LAUNCH, at(seconds=1)), (AT_LAUNCH, None), ("", None)])
def test_an_ending_has_its_time_from_the_present_launch(moment: str, ended_at: datetime | None) -> None:
    assert Memory.of(_ended("succeeded", moment), NOW).ended_at == ended_at


@pytest.mark.parametrize(("moment", "notified"), [(AT_LAUNCH, True), (BEFORE_LAUNCH, False), ("", False)])
def test_a_notification_of_an_earlier_launch_does_not_count(moment: str, notified: bool) -> None:
    assert _remembered({names.TAG_NOTIFIED: moment}).notified is notified


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (f"3 {AT_LAUNCH} failed", 3),
        (f"12 {AT_LAUNCH} failed", 12),
        (f"3 {BEFORE_LAUNCH} failed", 0),
        (f"3 {AT_LAUNCH} deadline", 0),
        (f"3 {AT_LAUNCH}", 0),
        ("3", 0),
        (f"three {AT_LAUNCH} failed", 0),
        (f"-3 {AT_LAUNCH} failed", 0),
        (f"² {AT_LAUNCH} failed", 0),
        (f"٣ {AT_LAUNCH} failed", 0),
        ("", 0),
    ],
)
def test_refusals_are_counted_per_launch_and_ending(value: str, count: int) -> None:
    assert _remembered({names.TAG_REFUSED: value}).refusals(Outcome.FAILED) == count


def test_a_refusal_that_was_written_is_counted() -> None:
    refused = _remembered({names.TAG_REFUSED: memory.refused_value(2, NOW, Refusable.FORCE)})
    assert (refused.refusals(Refusable.FORCE), refused.refusals(Outcome.FAILED)) == (2, 0)


def test_a_completion_is_noticed_once_written_and_another_one_is_not() -> None:
    noticed = _remembered({names.TAG_NOTICED: memory.noticed_value("marker succeeded", NOW)})
    assert noticed.noticed_before("marker succeeded") == NOW
    assert noticed.noticed_before("marker failed") is None
    assert Memory().noticed_before("marker succeeded") is None


def test_what_an_earlier_launch_noticed_is_not_remembered() -> None:
    value = memory.noticed_value("marker succeeded", LAUNCH - timedelta(minutes=1))
    noticed = _remembered({names.TAG_NOTICED: value})
    assert (noticed.noticed, noticed.noticed_since) == ("", None)


@pytest.mark.parametrize(("seconds", "since"), [(0, None), (1, LAUNCH + timedelta(seconds=1))])
def test_a_stop_that_was_seen_in_the_second_of_the_launch_is_the_one_before_it(
    seconds: int, since: datetime | None
) -> None:
    value = memory.noticed_value(memory.STOP, LAUNCH + timedelta(seconds=seconds))
    assert _remembered({names.TAG_NOTICED: value}).noticed_before(memory.STOP) == since


def test_a_grace_period_is_counted_from_the_end_of_the_second_in_which_it_begins() -> None:
    noticed = _remembered({names.TAG_NOTICED: memory.noticed_value("outputs", NOW + timedelta(milliseconds=1))})
    assert noticed.noticed_before("outputs") == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(("written", "armed"), [({names.TAG_ARMED: AT_LAUNCH}, AT_LAUNCH), ({}, "")])
def test_the_switch_is_armed_for_the_time_that_the_tag_says(written: dict[str, str], armed: str) -> None:
    assert _remembered(written).armed == armed


@pytest.mark.parametrize(
    ("written", "armed_for"),
    [
        (memory.armed_value(NOW, Action.STOP, "team/dev/runs"), NOW),
        (memory.unsure(memory.armed_value(NOW, Action.STOP, "team/dev/runs")), None),
        (memory.armed_value(at(minutes=-1), Action.STOP, "team/dev/runs"), None),
        ("soon", None),
        ("", None),
    ],
    ids=["confirmed", "unsure", "of an earlier launch", "no time", "none"],
)
def test_a_switch_fires_when_a_tag_of_this_launch_says_so_for_sure(written: str, armed_for: datetime | None) -> None:
    assert _remembered({names.TAG_ARMED: written}).armed_for == armed_for


@pytest.mark.parametrize(
    "written", [f"2 {BEFORE_LAUNCH} deadline", f"many {AT_LAUNCH} deadline", f"² {AT_LAUNCH} idle"]
)
def test_a_refusal_of_an_earlier_launch_or_without_a_count_is_none(written: str) -> None:
    found = _remembered({names.TAG_REFUSED: written})
    assert (found.refused, found.refused_count, found.refused_at) == ("", 0, None)


@pytest.mark.parametrize(("ended_at", "reason"), [(AFTER_LAUNCH, "marker done"), (BEFORE_LAUNCH, "")])
def test_the_reason_stands_beside_the_outcome_of_this_launch(ended_at: str, reason: str) -> None:
    assert Memory.of(_ended("succeeded", ended_at), NOW).reason == reason


# Values.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("marker done", "marker done"),
        ("no checkpoint checkpoints/*.pt", "no checkpoint checkpoints/ .pt"),
        ("marker done (exit code 3, out of memory)", "marker done exit code 3 out of memory"),
        ("two\nlines\tand \x00", "two lines and"),
        ("  spaces   around ", "spaces around"),
        ("_.:/=+-@", "_.:/=+-@"),
        ("größe ✓", "größe"),
        ("\ud800", ""),
        ("()", ""),
        ("x" * 256, "x" * 256),
        ("x" * 257, "x" * 256),
    ],
)
def test_a_tag_has_only_signs_that_every_service_accepts(text: str, value: str) -> None:
    assert safe_value(text) == value


def test_all_printable_signs_make_a_value_that_stays_as_it_is() -> None:
    value = safe_value(string.printable)
    assert set(value) <= set(string.ascii_letters + string.digits + " _.:/=+-@")
    assert safe_value(value) == value


def test_a_time_that_was_written_is_read_back() -> None:
    assert parse_time(format_time(NOW)) == NOW.astimezone(UTC)
