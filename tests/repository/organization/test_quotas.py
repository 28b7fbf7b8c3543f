"""The table of quotas against what a monitor and a run are made of."""

from __future__ import annotations

import re
from functools import cache

import pytest

from runctl_component import Monitor, TrainingRun

from ...runctl_component.forms import BASE
from ...runctl_component.recording import Recorded, record
from .page import SECTIONS, prose

TEXT = SECTIONS["Quotas"]
_ROWS = re.findall(r"^\| \[(.+?)\]\(\S+\) \| ([\d,]+) \| (.+?) \| (\d+) \|$", TEXT, re.MULTILINE)
KINDS = {
    "EventBridge rules of a bus": "EventRule",
    "Schedule groups": "ScheduleGroup",
    "Roles of the account": "Role",
    "Instance profiles of the account": "InstanceProfile",
    "CloudWatch alarms": "MetricAlarm",
    "Systems Manager documents": "Document",
}


@cache
def _with_runs(number: int, *, s3_events: bool = False) -> Recorded:
    """A shared monitor of two buckets, and so many runs."""

    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}, {"bucket": "more"}], "s3_events": s3_events})
        for each in range(number):
            TrainingRun(f"run-{each}", BASE, monitor=monitor)

    return record(program)


def _row(quota: str) -> tuple[int, int]:
    (row,) = [(monitor, run) for name, _, monitor, run in _ROWS if name == quota]
    return int(row[0].partition(",")[0]), int(row[1])


def test_every_row_is_counted() -> None:
    assert [name for name, *_ in _ROWS] == list(KINDS)


@pytest.mark.parametrize("quota", KINDS)
def test_a_monitor_and_a_run_take_what_the_page_says(quota: str) -> None:
    one, two = (len(_with_runs(number).of(KINDS[quota])) for number in (1, 2))
    of_a_run = two - one
    assert (one - of_a_run, of_a_run) == _row(quota)


def test_with_events_a_monitor_takes_a_rule_more_for_each_bucket() -> None:
    assert "2, and 1 for each bucket with `s3_events`" in TEXT
    assert len(_with_runs(1, s3_events=True).of("EventRule")) - len(_with_runs(1).of("EventRule")) == 2


def test_rules_run_out_before_anything_else_does() -> None:
    left = {
        name: int(most.replace(",", "")) // max(int(monitor[0]) + int(run), 1) for name, most, monitor, run in _ROWS
    }
    rules, groups = left.pop("EventBridge rules of a bus"), min(left.values())
    assert rules < groups
    assert f"at {300 // 3} monitors with `s3_events`" in prose("Quotas")
