from __future__ import annotations

import json
from typing import Any

import pytest

from monitor_runtime.contract.triggers import audit_input, first_check_input, heartbeat_input
from runctl_component.status.heartbeats import candidates, heartbeats, read_input
from runctl_component.status.values import Function, Schedule, ScheduleDetail

from .readings_builders import FUNCTION, FUNCTION_ARN, GROUP, MONITOR, RUN, SETTINGS, switch

OWN = Schedule(GROUP, RUN, enabled=True, target_arn=FUNCTION_ARN)
HEARTBEAT = heartbeat_input(SETTINGS.to_document())


def _found(
    schedule: Schedule = OWN,
    text: str | None = HEARTBEAT,
    functions: dict[str, Function] | None = None,
    runs: dict[str, set[str]] | None = None,
) -> list[tuple[str, str]]:
    details = {} if text is None else {schedule: ScheduleDetail("rate(5 minutes)", text)}
    known = {FUNCTION_ARN: FUNCTION} if functions is None else functions
    return [(beat.monitor, beat.run) for beat in heartbeats([schedule], known, details, runs or {})]


@pytest.mark.parametrize(
    ("group", "name", "target"),
    [
        ("default", RUN, FUNCTION_ARN),
        (GROUP, f"{RUN}.follow-up", FUNCTION_ARN),
        (GROUP, switch().name, switch().target_arn),
        (GROUP, "nightly_batch!", FUNCTION_ARN),
        (GROUP, RUN, "arn:aws:sqs:us-east-1:123456789012:queue"),
    ],
)
def test_what_cannot_be_a_heartbeat_is_not_looked_into(group: str, name: str, target: str) -> None:
    assert candidates([Schedule(group, name, enabled=True, target_arn=target)]) == []
    assert candidates([OWN]) == [OWN]


def test_the_function_tells_whose_a_heartbeat_is_without_its_input() -> None:
    assert _found(text=None) == [(MONITOR, RUN)]


@pytest.mark.parametrize(
    "function", [Function(), Function(MONITOR, "another-group")], ids=["no monitor", "of another group"]
)
def test_a_schedule_of_somebody_else_is_none_whatever_it_sends(function: Function) -> None:
    assert _found(functions={FUNCTION_ARN: function}) == []


@pytest.mark.parametrize("functions", [{}, {FUNCTION_ARN: Function(exists=False)}], ids=["unread", "gone"])
def test_where_the_function_does_not_tell_the_input_does(functions: dict[str, Function]) -> None:
    assert _found(functions=functions) == [(MONITOR, RUN)]
    assert _found(functions=functions, text=None) == []
    assert _found(functions=functions, text='{"nightly": true}') == []


@pytest.mark.parametrize("text", [audit_input(), '{"nightly": true}', "[]", first_check_input(SETTINGS.to_document())])
def test_somebodys_own_schedule_in_the_group_is_a_heartbeat_only_where_a_run_has_its_name(text: str) -> None:
    assert _found(text=text) == []
    assert _found(text=text, runs={MONITOR: {RUN}}) == [(MONITOR, RUN)]


def _changed(**fields: Any) -> str:
    document = json.loads(HEARTBEAT)
    return json.dumps({**document, "settings": {**document["settings"], **fields}})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not { json", "its heartbeat's input is no JSON"),
        ('{"trigger": "audit"}', "its heartbeat's input is none of a heartbeat"),
        (_changed(version=2), "its heartbeat's settings cannot be read: version: got 2; accepted: 1"),
        (_changed(grace_seconds="x", bucket=3), "grace_seconds: got 'x'"),
        ('{"trigger": "heartbeat"}', "its heartbeat's settings cannot be read: settings: got None"),
        ('{"trigger": "heartbeat", "settings": 3}', "its heartbeat's settings cannot be read: settings: got 3"),
        (json.dumps({**json.loads(HEARTBEAT), "tf": {"action": "delete"}}), "that of a removal"),
    ],
)
def test_an_input_that_cannot_be_read_says_why(text: str, problem: str) -> None:
    declared = read_input(text)
    assert declared.settings is None
    assert problem in declared.problem


def test_of_settings_of_a_version_that_is_not_known_the_monitor_is_still_told() -> None:
    assert read_input(_changed(version=2)).monitor == MONITOR
