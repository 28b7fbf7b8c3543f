"""The messages that wake the monitor: how those that carry settings are written, and how each is read or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from monitor_runtime.contract import times
from monitor_runtime.contract.settings import Settings, parse


class TriggerError(ValueError):
    """An event that is none of the monitor's triggers."""


class TriggerKind(StrEnum):
    """The triggers, as replies and logs name them."""

    HEARTBEAT = "heartbeat"
    FOLLOW_UP = "follow-up"
    FIRST_CHECK = "first-check"
    S3_EVENT = "s3-event"
    SPOT_WARNING = "spot-warning"
    AUDIT = "audit"


TagValues = Mapping[str, Mapping[str, str]]
"""Values of tags by instance id and tag."""


@dataclass(frozen=True, slots=True)
class CarriedTrigger:
    """A trigger that carries the settings. ``unknown_fields``: settings that only a newer component knows."""

    kind: TriggerKind
    settings: Settings
    unknown_fields: tuple[str, ...] = ()
    scheduled_at: datetime | None = None
    unrecorded: TagValues | None = None
    """Of a follow-up: what the check that made it could not write, by instance and tag."""


@dataclass(frozen=True, slots=True)
class ForgetTrigger:
    """The instances of the run are about to be removed, or get another first check.

    Nothing more is asked of its settings, which may be of any version: an old run must be removable.
    """

    run: str
    monitor: str


@dataclass(frozen=True, slots=True)
class S3EventTrigger:
    """An object whose name may be a marker's was written."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class SpotWarningTrigger:
    """EC2 takes an instance back in about two minutes from ``warned_at``, which is None when the event does not say."""

    instance_id: str
    warned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditTrigger:
    """Time to compare what must agree: instances, heartbeats, deadline switches and rights of all runs."""


Trigger = CarriedTrigger | ForgetTrigger | S3EventTrigger | SpotWarningTrigger | AuditTrigger

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


def heartbeat_input(settings: dict[str, Any]) -> str:
    """The input of the heartbeat: the settings document, and the time for which it was scheduled."""
    return _to_json({"trigger": TriggerKind.HEARTBEAT, "scheduled_time": SCHEDULED_TIME, "settings": settings})


def rate(seconds: float) -> str:
    """The schedule expression of a heartbeat; EventBridge counts in minutes."""
    minutes = int(seconds) // 60
    return f"rate({minutes} minute{'' if minutes == 1 else 's'})"


def heartbeat_settings(text: str) -> Settings | None:
    """The settings in the input of a heartbeat; None where it is no heartbeat's, or has none that can be read."""
    try:
        trigger = parse_trigger(json.loads(text))
    except (ValueError, TriggerError):
        return None
    if isinstance(trigger, CarriedTrigger) and trigger.kind is TriggerKind.HEARTBEAT:
        return trigger.settings
    return None


def first_check_input(settings: dict[str, Any]) -> str:
    """The input of the first check."""
    return _to_json({"trigger": TriggerKind.FIRST_CHECK, "settings": settings})


def follow_up_input(settings: dict[str, Any], unrecorded: TagValues = MappingProxyType({})) -> str:
    """The input of a follow-up: the settings of the check that schedules it, and the time for which that was.

    ``unrecorded``: tags that could not be written.
    """
    message = {"trigger": TriggerKind.FOLLOW_UP, "scheduled_time": SCHEDULED_TIME, "settings": settings}
    return _to_json({**message, "unrecorded": unrecorded} if unrecorded else message)


def unrecorded_of(text: str) -> TagValues:
    """The tags that a follow-up's input carries; none where it is not understood."""
    try:
        return _unrecorded(json.loads(text).get("unrecorded"))
    except (ValueError, AttributeError):
        return {}


def _unrecorded(value: object) -> TagValues:
    entries = cast("Mapping[str, object]", value if isinstance(value, Mapping) else {})
    read = {
        instance_id: {
            str(tag): text for tag, text in cast("Mapping[object, object]", tags).items() if isinstance(text, str)
        }
        for instance_id, tags in entries.items()
        if isinstance(tags, Mapping)
    }
    return {instance_id: tags for instance_id, tags in read.items() if tags}


def audit_input() -> str:
    """The input of the audit, which is about all runs of the monitor."""
    return _to_json({"trigger": TriggerKind.AUDIT})


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


_CARRIED = {TriggerKind.HEARTBEAT, TriggerKind.FOLLOW_UP, TriggerKind.FIRST_CHECK}


def parse_trigger(event: object) -> Trigger:
    """Read an event as EventBridge Scheduler, an EventBridge rule or ``aws.lambda_.Invocation`` delivers it.

    Raises:
        TriggerError: when it is none of these.
        SettingsError: when the settings that it carries are wrong.
    """
    if not isinstance(event, Mapping):
        raise TriggerError(f"got {type(event).__name__}; accepted: a JSON object")
    document = cast("Mapping[str, Any]", event)
    if document.get("trigger") == TriggerKind.AUDIT:
        return AuditTrigger()
    if "trigger" in document:
        return _carried(document)
    kind = (document.get("source"), document.get("detail-type"))
    try:
        if kind == ("aws.s3", "Object Created"):
            detail = document["detail"]
            return S3EventTrigger(_text(detail["bucket"]["name"]), _text(detail["object"]["key"]))
        if kind == ("aws.ec2", "EC2 Spot Instance Interruption Warning"):
            return SpotWarningTrigger(_text(document["detail"]["instance-id"]), _time(document.get("time")))
    except (KeyError, TypeError) as error:
        raise TriggerError(
            f"got a {kind[1]} event without {error}; accepted: events as EventBridge sends them"
        ) from error
    raise TriggerError(
        f"got an event with source {kind[0]!r} and detail-type {kind[1]!r}; accepted: heartbeat,"
        " follow-up, first-check, audit, S3 Object Created,"
        " EC2 Spot Instance Interruption Warning; remove the rule or schedule that sends it"
    )


def _carried(document: Mapping[str, Any]) -> CarriedTrigger | ForgetTrigger:
    kind = document["trigger"]
    if not isinstance(kind, str) or kind not in _CARRIED:
        accepted = ", ".join(sorted([*_CARRIED, TriggerKind.AUDIT]))
        raise TriggerError(f"trigger: got {kind!r}; accepted: {accepted}; deploy the run again")
    lifecycle = document.get("tf")
    if isinstance(lifecycle, Mapping) and cast("Mapping[str, Any]", lifecycle).get("action") == "delete":
        return _forget(document.get("settings"))
    settings, unknown_fields = parse(document.get("settings"))
    carried = _unrecorded(document.get("unrecorded")) if kind == TriggerKind.FOLLOW_UP else None
    return CarriedTrigger(TriggerKind(kind), settings, unknown_fields, _time(document.get("scheduled_time")), carried)


def _forget(settings: object) -> ForgetTrigger:
    known = cast("Mapping[str, Any]", settings if isinstance(settings, Mapping) else {})
    run, monitor = known.get("run"), known.get("monitor")
    return ForgetTrigger(run if isinstance(run, str) else "", monitor if isinstance(monitor, str) else "")


def _time(value: object) -> datetime | None:
    return times.parse_time(value) if isinstance(value, str) else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string where it has {value!r}")
    return value
