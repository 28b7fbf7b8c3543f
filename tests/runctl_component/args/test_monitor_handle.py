"""The handle of a monitor: the same text for the same monitor, read whole or refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from runctl_component.args.monitor_handle import MonitorFacts, Watched, handle_rule, read_handle, to_handle

ARN = "arn:aws:lambda:eu-west-1:210987654321:function:platform-function-1234567"
FACTS = MonitorFacts(
    monitor="platform/prod/shared",
    function_name="shared-function-1234567",
    function_arn=ARN,
    schedule_group="shared-schedules-1234567",
    scheduler_role_arn="arn:aws:iam::210987654321:role/shared-scheduler-1234567",
    dead_letter_arn="arn:aws:sqs:eu-west-1:210987654321:shared-dead-letters-1234567",
    region="eu-west-1",
    partition="aws",
    s3_events=True,
    markers=("done", "FAILED"),
    silence_minutes=15,
    watch=(Watched("outputs", "runs/"), Watched("outputs", "")),
    dashboard=True,
)
HANDLE = to_handle(FACTS)


def _changed(**fields: Any) -> str:
    document = {**json.loads(HANDLE), **fields}
    return json.dumps({key: value for key, value in document.items() if value is not ...})


def _problem(value: object) -> str:
    (problem,) = handle_rule("monitor", value)
    return str(problem)


def test_what_is_written_is_read_back() -> None:
    assert [*handle_rule("monitor", HANDLE)] == []
    assert read_handle(HANDLE).watch == (Watched("outputs", ""), Watched("outputs", "runs/"))
    assert to_handle(read_handle(HANDLE)) == HANDLE
    assert read_handle(HANDLE).account_id == "210987654321"


def test_it_is_json_with_its_version_and_sorted_keys() -> None:
    document = json.loads(HANDLE)
    assert document["version"] == 1
    assert list(document) == sorted(document)


def test_the_order_of_places_and_the_keys_of_their_buckets_change_nothing() -> None:
    turned = replace(FACTS, watch=(*reversed(FACTS.watch), Watched("outputs", "runs/", ARN)))
    assert to_handle(turned) == HANDLE


def test_what_a_newer_monitor_adds_is_left_out() -> None:
    newer = _changed(archive="shared")
    assert [*handle_rule("monitor", newer)] == []
    assert to_handle(read_handle(newer)) == HANDLE


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", "an empty text"),
        (" \n", "an empty text"),
        (5, "a value of type int"),
        ({"monitor": "shared"}, "a value of type dict"),
        ("shared", "no handle, a text of 6 characters"),
        (ARN, f"no handle, a text of {len(ARN)} characters"),
        ("5", "no handle, a text of 1 characters"),
        ('{"a": 1}', "no handle, a text of 8 characters"),
        (HANDLE[:200], "a handle that is cut off or changed, a text of 200 characters"),
        (HANDLE[:-1], f"a handle that is cut off or changed, a text of {len(HANDLE) - 1} characters"),
        ("[" * 100_000, "no handle, a text of 100000 characters"),
        (_changed(version=2), "a handle of version 2"),
        (_changed(version=True), "a handle of version True"),
        (_changed(function_arn=...), "a handle whose function_arn cannot be read"),
        (_changed(region="", silence_minutes="15"), "a handle whose region, silence_minutes cannot be read"),
        (_changed(watch=[{"bucket": "outputs"}]), "a handle whose watch cannot be read"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_handle_is_refused_with_what_it_is(value: object, found: str) -> None:
    assert _problem(value).startswith(f"monitor: {found}; accepted: ")


@pytest.mark.parametrize("change", [lambda: HANDLE[:300], lambda: _changed(version=7), lambda: _changed(watch=ARN)])
def test_no_error_shows_what_was_passed(change: Callable[[], str]) -> None:
    assert "210987654321" not in _problem(change())
