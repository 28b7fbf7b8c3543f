"""The args of a run with their defaults, and what follows from them for its monitor and its instance."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, cast

import pulumi

from monitor_runtime.contract.settings import Idle, Settings, parse
from runctl_component.box.code_folder import code_of
from runctl_component.box.user_data import Training

ROLE_ARGUMENTS = {"path": "role_path", "permissions_boundary": "permissions_boundary_arn"}
"""Arguments of every role, and the args that they come from."""
PLACEHOLDER_MONITOR = "the-monitor"
"""Stands for the tag of the monitor where nothing depends on it."""
PLACEHOLDER_PLACE = {"bucket": "the-bucket", "prefix": ""}
"""Stands for bucket and prefix where nothing depends on them."""

DEFAULT_INSTANCE_TYPE = "g5.xlarge"
"""The smallest with a current NVIDIA GPU."""
NOT_DECLARED = frozenset({"run", "monitor", "box_reports"})
"""Settings that are no args: they follow from the run's name, its monitor, and what starts the training."""
SETTINGS_FIELDS = tuple(field.name for field in fields(Settings) if field.name not in NOT_DECLARED)
PLAN_FIELDS = tuple(field for field in SETTINGS_FIELDS if field not in PLACEHOLDER_PLACE)
"""What a plan is made of: it knows no bucket, so an unknown one hides nothing of it."""
_SETTINGS_DEFAULTS = {
    field.name: field.default
    for field in fields(Settings)
    if field.default is not MISSING and field.name not in NOT_DECLARED
}


def complete(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The args of a run with the defaults that depend on other args."""
    ending = "terminate" if given.get("spot") == "one-time" else "stop"
    return {
        **_SETTINGS_DEFAULTS,
        "instance_type": DEFAULT_INSTANCE_TYPE,
        "root_volume_gib": 100,
        "environment": {},
        "tags": {},
        "on_complete": ending,
        "on_failure": ending,
        "on_deadline": ending,
        **given,
        "prefix": normal_prefix(given.get("prefix", default_prefix(name))),
    }


def stack_folder() -> str:
    """The folder in which the runs of this stack write by default: two stacks of one program never share a place."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}/"


def default_prefix(name: str) -> str:
    """The place of a run that is given no other."""
    return f"{stack_folder()}{name}/"


def normal_prefix(prefix: object) -> Any:
    """With the slash at its end that makes it a folder; what is no string is left for its rule to refuse."""
    return f"{prefix.removesuffix('/')}/" if isinstance(prefix, str) and prefix.strip("/") else prefix


def to_settings(name: str, monitor: str, checked: Mapping[str, Any], *, box_reports: bool = False) -> Settings:
    """The settings of a run whose args were checked. ``box_reports``: whether the instance has our runner."""
    document = {key: value for key, value in checked.items() if key in SETTINGS_FIELDS}
    settings, _ = parse({"version": 1, "run": name, "monitor": monitor, "box_reports": box_reports, **document})
    return settings


def to_training(name: str, checked: Mapping[str, Any], region: str) -> Training:
    """What the runner of a run does whose args were checked."""
    encryption = checked.get("server_side_encryption", "")
    return Training(
        command=checked["command"],
        run=name,
        bucket=checked["bucket"],
        prefix=checked["prefix"],
        region=region,
        environment=checked["environment"],
        secrets=checked.get("secrets", {}),
        code=code_of(checked["code"]) if "code" in checked else None,
        encryption=encryption,
        encryption_key=checked.get("kms_key_arn", "") if encryption else "",
    )


DEFAULT_RETENTION_DAYS = 30
DEFAULT_SILENCE_MINUTES = 15
HEARTBEATS_OF_SILENCE = 3
"""A missing heartbeat may be late, two may be unlucky."""
DEFAULT_MARKERS: tuple[str, ...] = (
    *Settings.__dataclass_fields__["markers"].default,
    *Settings.__dataclass_fields__["failure_markers"].default,
)


def silence_minutes(interval_seconds: float) -> int:
    """The least that an alarm for silence may wait with heartbeats at that interval."""
    return math.ceil(interval_seconds * HEARTBEATS_OF_SILENCE / 60)


_OF_ITS_OWN_MONITOR: Mapping[str, Any] = {"log_retention_days": DEFAULT_RETENTION_DAYS, "dashboard": True}
"""What a run may declare, and has by default, only without a shared monitor."""


def declared_defaults() -> Mapping[str, Mapping[str, Any]]:
    """What the code fills in, by the types of `declared`.

    A default that is no value, such as a subnet of the default VPC, is in the argument's description.
    """
    return {
        "TrainingRunArgs": {
            **{field: value for field, value in complete("", {}).items() if field != "prefix"},
            **_OF_ITS_OWN_MONITOR,
        },
        "IdleArgs": {"warm_up_minutes": Idle.__dataclass_fields__["warm_up_minutes"].default},
        "MonitorArgs": {
            "s3_events": False,
            "markers": DEFAULT_MARKERS,
            "log_retention_days": DEFAULT_RETENTION_DAYS,
            "silence_minutes": DEFAULT_SILENCE_MINUTES,
            "dashboard": True,
        },
    }


def defaults_that_depend() -> frozenset[str]:
    """The args of a run whose default is another one, or none, where other args say so."""
    usual, on_spot = complete("", {}), complete("", {"spot": "one-time"})
    return frozenset(field for field, value in usual.items() if value != on_spot[field]) | _OF_ITS_OWN_MONITOR.keys()


def shown_default(value: object) -> str:
    """A default as YAML would have it; what stands for "not given" is left to the description."""
    if value is None or value in ({}, (), []):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(shown_default(entry) for entry in cast("list[object]", value))
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"
