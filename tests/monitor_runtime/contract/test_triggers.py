from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from monitor_runtime.contract.settings import SettingsError
from monitor_runtime.contract.triggers import (
    AuditTrigger,
    CarriedTrigger,
    ForgetTrigger,
    S3EventTrigger,
    SpotWarningTrigger,
    TriggerError,
    TriggerKind,
    audit_input,
    first_check_input,
    follow_up_input,
    heartbeat_input,
    parse_trigger,
    unrecorded_of,
)

from ..builders import INSTANCE_ID, LAUNCH, at, settings


def _carried(trigger: object = "heartbeat", **more: object) -> dict[str, Any]:
    return {"trigger": trigger, "settings": settings().to_document(), **more}


def _object_created(detail: object) -> dict[str, Any]:
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def _spot_warning(detail: object) -> dict[str, Any]:
    return {"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning", "detail": detail}


# Triggers that carry the settings.


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (heartbeat_input, TriggerKind.HEARTBEAT),
        (first_check_input, TriggerKind.FIRST_CHECK),
    ],
)
def test_a_message_with_the_settings_is_read_as_it_was_written(
    write: Callable[[dict[str, Any]], str], kind: TriggerKind
) -> None:
    assert parse_trigger(json.loads(write(settings().to_document()))) == CarriedTrigger(kind, settings())


@pytest.mark.parametrize("unrecorded", [{}, {INSTANCE_ID: {"runctl:outcome": "failed"}}])
def test_a_follow_up_carries_what_could_not_be_written(unrecorded: dict[str, dict[str, str]]) -> None:
    message = follow_up_input(settings().to_document(), unrecorded)
    assert parse_trigger(json.loads(message)) == CarriedTrigger(
        TriggerKind.FOLLOW_UP, settings(), unrecorded=unrecorded
    )
    assert unrecorded_of(message) == unrecorded


@pytest.mark.parametrize("odd", ["tags", ["i-1"], {"i-1": "tags"}, {"i-1": {}}, {"i-1": {"runctl:outcome": 5}}])
def test_what_is_no_tags_is_not_carried(odd: object) -> None:
    trigger = parse_trigger(_carried("follow-up", unrecorded=odd))
    assert isinstance(trigger, CarriedTrigger)
    assert trigger.unrecorded == {}


@pytest.mark.parametrize("text", ["", "no json", "[]", "5"])
def test_a_follow_up_that_is_not_understood_carries_nothing(text: str) -> None:
    assert unrecorded_of(text) == {}


def test_equal_settings_are_equal_messages_and_other_settings_are_others() -> None:
    reordered = dict(reversed(settings().to_document().items()))
    assert heartbeat_input(reordered) == heartbeat_input(settings().to_document())
    assert heartbeat_input(settings(grace_seconds=1).to_document()) != heartbeat_input(settings().to_document())


@pytest.mark.parametrize(
    ("scheduled_time", "moment"),
    [
        ("2026-03-02T09:00:00Z", LAUNCH),
        ("<aws.scheduler.scheduled-time>", None),
        ("", None),
        (5, None),
        (None, None),
    ],
)
def test_a_schedule_tells_when_it_was_due(scheduled_time: object, moment: datetime | None) -> None:
    found = parse_trigger(_carried(scheduled_time=scheduled_time))
    assert isinstance(found, CarriedTrigger)
    assert found.scheduled_at == moment


def test_fields_that_only_a_newer_component_knows_are_kept_by_name() -> None:
    event = _carried()
    event["settings"]["cool_down_seconds"] = 5
    assert parse_trigger(event) == CarriedTrigger(TriggerKind.HEARTBEAT, settings(), ("cool_down_seconds",))


@pytest.mark.parametrize(
    ("lifecycle", "forgets"),
    [
        ({"action": "delete", "prev_input": None}, True),
        ({"action": "create"}, False),
        ({"action": "update"}, False),
        ({}, False),
        ("delete", False),
        (None, False),
    ],
)
def test_a_run_is_forgotten_only_when_its_invocation_is_deleted(lifecycle: object, forgets: bool) -> None:
    found = parse_trigger(_carried("first-check", tf=lifecycle))
    assert (found == ForgetTrigger("llama-ft", "m")) is forgets
    assert isinstance(found, CarriedTrigger) is not forgets


@pytest.mark.parametrize(
    ("document", "forgotten"),
    [
        ({"version": 99, "run": "old", "monitor": "m", "markers": 5}, ForgetTrigger("old", "m")),
        ({"run": "old"}, ForgetTrigger("old", "")),
        ({"run": 5, "monitor": "m"}, ForgetTrigger("", "m")),
        ("settings", ForgetTrigger("", "")),
        (None, ForgetTrigger("", "")),
    ],
)
def test_a_run_of_any_version_can_be_forgotten(document: object, forgotten: ForgetTrigger) -> None:
    assert parse_trigger(_carried("first-check", settings=document, tf={"action": "delete"})) == forgotten


@pytest.mark.parametrize("document", [None, "{}", {}, [], {"version": 1}])
def test_a_trigger_whose_settings_are_wrong_is_refused_as_such(document: object) -> None:
    with pytest.raises(SettingsError):
        parse_trigger(_carried(settings=document))


def test_a_trigger_without_settings_is_refused_as_such() -> None:
    with pytest.raises(SettingsError, match="a JSON object"):
        parse_trigger({"trigger": "heartbeat"})


@pytest.mark.parametrize("trigger", ["manual", "s3-event", "spot-warning", "HEARTBEAT", "", None, 5, ["heartbeat"]])
def test_a_trigger_of_another_name_is_refused_with_the_names_that_there_are(trigger: object) -> None:
    with pytest.raises(TriggerError, match="accepted: audit, first-check, follow-up, heartbeat; deploy the run again"):
        parse_trigger(_carried(trigger))


# Events.


@pytest.mark.parametrize("key", ["runs/llama-ft/done", "done", "a b/ü+%2F.txt", ""])
def test_an_object_that_was_created_is_known_by_bucket_and_key_as_written(key: str) -> None:
    event = _object_created({"bucket": {"name": "outputs"}, "object": {"key": key, "size": 0}})
    assert parse_trigger(event) == S3EventTrigger("outputs", key)


def test_a_spot_warning_is_known_by_its_instance() -> None:
    event = _spot_warning({"instance-id": INSTANCE_ID, "instance-action": "stop"})
    assert parse_trigger(event) == SpotWarningTrigger(INSTANCE_ID)


def test_a_spot_warning_says_when_ec2_gave_it() -> None:
    event = _spot_warning({"instance-id": INSTANCE_ID}) | {"time": "2026-03-02T11:00:00Z"}
    assert parse_trigger(event) == SpotWarningTrigger(INSTANCE_ID, at(hours=2))


NO_EVENTS: list[dict[str, Any]] = [
    {"source": "aws.s3", "detail-type": "Object Created"},
    _object_created(None),
    _object_created("text"),
    _object_created([]),
    _object_created({"object": {"key": "done"}}),
    _object_created({"bucket": {"name": "outputs"}}),
    _object_created({"bucket": "outputs", "object": {"key": "done"}}),
    _object_created({"bucket": {"name": None}, "object": {"key": "done"}}),
    _object_created({"bucket": {"name": "outputs"}, "object": {"key": 5}}),
    _spot_warning({}),
    _spot_warning({"instance-id": None}),
]


@pytest.mark.parametrize("event", NO_EVENTS)
def test_an_event_that_lacks_what_it_is_about_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(TriggerError, match="accepted: events as EventBridge sends them"):
        parse_trigger(event)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("aws.s3", "Object Deleted"),
        ("aws.ec2", "EC2 Instance State-change Notification"),
        ("aws.ec2", "Object Created"),
        ("custom", "Object Created"),
        (None, None),
        (5, ["Object Created"]),
    ],
)
def test_an_event_of_another_kind_is_refused_by_what_it_says_it_is(source: object, kind: object) -> None:
    with pytest.raises(TriggerError, match="remove the rule or schedule that sends it") as caught:
        parse_trigger({"source": source, "detail-type": kind, "detail": {}})
    assert f"source {source!r} and detail-type {kind!r}" in str(caught.value)


@pytest.mark.parametrize("event", [None, "heartbeat", 5, [], True])
def test_what_is_no_object_is_refused(event: object) -> None:
    with pytest.raises(TriggerError, match=f"got {type(event).__name__}; accepted: a JSON object"):
        parse_trigger(event)


def test_what_is_written_for_the_audit_is_read_as_one() -> None:
    assert parse_trigger(json.loads(audit_input())) == AuditTrigger()
