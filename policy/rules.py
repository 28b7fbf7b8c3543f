"""What is asked of instances, runs and monitors: pure functions, which yield a sentence for each violation.

Inputs are those of the resources, as Pulumi has them in a preview: properties are in camelCase.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

RUN, MONITOR = "runctl:index:TrainingRun", "runctl:index:Monitor"
INSTANCE = "aws:ec2/instance:Instance"
SCHEDULE = "aws:scheduler/schedule:Schedule"
FUNCTION = "aws:lambda/function:Function"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TAGS_OF_A_RUN = ("runctl:monitor", "runctl:run")
"""By these the monitor finds the instances that it ends."""
MONITORS_NAME, TOPIC = "RUNCTL_MONITOR", "RUNCTL_NOTIFY_TOPIC_ARN"
"""In the environment of a monitor's function."""
_ACCELERATED = re.compile(r"(?:dl|f|gr?|inf|p|trn|vt)\d")
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html"""


def is_accelerated(instance_type: str) -> bool:
    """Whether instances of the type have GPUs or other accelerators."""
    return _ACCELERATED.match(instance_type) is not None


def unended_accelerators(urn: str, instance: Mapping[str, Any], exempt: Collection[str]) -> Iterator[str]:
    """An instance with accelerators that no run ends. ``exempt``: names of resources that are meant to run on."""
    if name_of(urn) in exempt or not is_accelerated(instance.get("instanceType") or ""):
        return
    # Of a value that a preview does not know, there is the key.
    if f"{RUN}$" in urn or set(TAGS_OF_A_RUN) <= set(_part(instance, "tags")):
        return
    yield (
        f"instance {name_of(urn)}: a {instance['instanceType']} that no training run ends, so it is billed until"
        " somebody remembers it; declare it as a TrainingRun, or name it in exempt of this policy if it is to run on"
    )


def settings_of(schedule: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The settings of a run, which its heartbeat carries; None for other schedules."""
    try:
        message: Any = json.loads(_part(schedule, "target").get("input") or "")
        return message["settings"] if message["trigger"] == "heartbeat" else None
    except (ValueError, LookupError, TypeError):
        return None


def missing_deadline(settings: Mapping[str, Any]) -> Iterator[str]:
    """A run that goes on for ever when its training hangs and nothing notices."""
    run = settings["run"]
    if not settings["max_runtime_hours"]:
        yield (
            f"run {run}: max_runtime_hours is 0, so nothing ends a training whose end is not noticed;"
            " set the hours after which it is over in any case"
        )
    elif settings["on_deadline"] == "report":
        yield (
            f"run {run}: on_deadline is report, so nothing ends a training whose end is not noticed;"
            " set on_deadline to stop or terminate"
        )


def unverified_termination(settings: Mapping[str, Any]) -> Iterator[str]:
    """A run that is terminated, with its disk, because of a marker alone."""
    if settings["on_complete"] == "terminate" and settings["markers"] and not settings["checkpoint_patterns"]:
        yield (
            f"run {settings['run']}: on_complete is terminate without checkpoint_patterns, so the disk is deleted"
            " before anybody has looked whether the work is in S3; name in checkpoint_patterns what must be there,"
            " or set on_complete to stop"
        )


def missing_topic(urn: str, function: Mapping[str, Any]) -> Iterator[str]:
    """A monitor that tells nobody how its runs end. Other functions are not asked."""
    variables = set(_part(_part(function, "environment"), "variables"))
    if MONITORS_NAME in variables and TOPIC not in variables:
        yield (
            f"function {name_of(urn)}: this monitor has no topic, so nobody is told how its runs end;"
            " set notify_topic_arn of the monitor, or of the run whose own it is"
        )


def missing_alarms(
    monitors: Iterable[str], alarms: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterator[tuple[str, str]]:
    """Monitors that may fail unnoticed, each with its sentence. ``alarms``: the parent of each, and its inputs."""
    working = {parent for parent, alarm in alarms if alarm.get("actionsEnabled") is not False}
    for monitor in monitors:
        if monitor not in working:
            violation = (
                f"monitor {name_of(monitor)}: it has no alarm that is on, so nobody notices when it fails, and its runs"
                " go on to their deadlines; remove the transformation that takes its alarms away or turns them off"
            )
            yield monitor, violation


def _part(properties: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object in another; empty where there is none."""
    return properties.get(key) or {}


def name_of(urn: str) -> str:
    """The name of a resource."""
    return urn.rpartition("::")[2]
