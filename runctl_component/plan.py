"""The plan of a run, for whoever reviews a preview: how it is watched, how it ends, what the watching costs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from monitor_runtime.backoff import offsets
from monitor_runtime.deadline import BOX_DELAY, SWITCH_DELAY
from monitor_runtime.settings import Action, Settings
from runctl_component import prices
from runctl_component.watching import monitor_dollars, watch_for_a_day

EVENT_SECONDS = 5
"""S3 and EventBridge deliver within seconds, usually; nobody promises it, so the polls stay."""
HEARTBEAT_LATENESS_SECONDS = 60
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
CALL_SECONDS = 5
"""From the start of an invocation to the stop call."""
SHOWN_CHECKS = 6
MONITOR_WORDS = (
    "for the monitor itself, on top of dollars_per_day: every day until it is removed, and once for all the runs that"
    " share it; an account's first 10 metrics, 10 alarms and 3 dashboards are free, which is not deducted"
)
"""https://aws.amazon.com/cloudwatch/pricing/"""


def build_plan(settings: Settings, *, spot: str | None = None, on_box_runner: bool = True) -> dict[str, Any]:
    """Words and numbers that follow from the settings alone, so that a preview shows all of them.

    ``spot``: None, ``one-time`` or ``persistent``. ``on_box_runner``: whether the box runs our user data.
    """
    watching = watch_for_a_day(settings)
    return {
        "first_checks_seconds": [round(due, 3) for due in islice(offsets(settings), SHOWN_CHECKS)],
        "then_every_seconds": settings.max_interval_seconds,
        "longest_wait_seconds": longest_wait(settings),
        "endings": endings(settings, spot=spot),
        "deadline_layers": deadline_layers(settings, on_box_runner=on_box_runner),
        "api_calls_per_day": watching.calls(),
        "dollars_per_day": _rounded(watching.dollars()),
        "monitor_dollars_per_day": {**_rounded(monitor_dollars(settings)), "words": MONITOR_WORDS},
        "price_date": prices.PRICE_DATE,
    }


def _rounded(dollars: Mapping[str, float]) -> dict[str, float]:
    return {item: round(amount, 6) for item, amount in dollars.items()}


def longest_wait(settings: Settings) -> dict[str, Any]:
    """Seconds from the marker's LastModified to the stop call when nothing fails, verification at once."""
    grace = settings.grace_seconds
    by_poll = max(grace, settings.max_interval_seconds + HEARTBEAT_LATENESS_SECONDS) + CALL_SECONDS
    wait: dict[str, Any] = {
        "by_poll": by_poll,
        "words": f"the grace period of {grace} s, or a check every {settings.max_interval_seconds} s that comes up to"
        f" {HEARTBEAT_LATENESS_SECONDS} s late, whichever is longer; verification may add up to"
        f" {settings.verify_timeout_seconds} s",
    }
    return {**wait, "by_event": max(grace, EVENT_SECONDS) + CALL_SECONDS} if settings.s3_events else wait


def endings(settings: Settings, *, spot: str | None) -> dict[str, str]:
    """What each outcome does to the instance."""
    grace = f"{settings.grace_seconds} s after"
    stopped = _deed(settings.on_complete, spot)
    if settings.terminate_after_days and settings.on_complete is Action.STOP and spot != "one-time":
        stopped += f", terminated {settings.terminate_after_days} days later"
    succeeded = [f"{grace} {_any_of(settings.markers)}"] if settings.markers else []
    if settings.expected_outputs:
        succeeded.append(f"{grace} the newest of {', '.join(settings.expected_outputs)}")
    unverified = Action.STOP if settings.on_complete is Action.TERMINATE else settings.on_complete
    words = {
        "succeeded": f"{stopped}, {', or '.join(succeeded)}",
        "unverified": f"{_deed(unverified, spot)}, when what was written cannot be verified within"
        f" {settings.verify_timeout_seconds} s",
    }
    if settings.failure_markers:
        words["failed"] = f"{_deed(settings.on_failure, spot)}, {grace} {_any_of(settings.failure_markers)}"
    if settings.max_runtime_hours:
        words["deadline"] = f"{_deed(settings.on_deadline, spot)}, {settings.max_runtime_hours:g} h after the launch"
    if settings.idle:
        idle = settings.idle
        words["idle"] = (
            f"{_deed(settings.on_failure, spot)}, when {idle.metric} stays under {idle.threshold:g}"
            f" for {idle.minutes} minutes"
        )
    if spot:
        words["interrupted"] = "EC2 takes the instance back; the training is signalled about two minutes ahead"
    return words


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _deed(action: Action, spot: str | None) -> str:
    if action is Action.STOP and spot == "one-time":
        return "terminated (EC2 cannot stop one-time spot instances)"
    return {Action.STOP: "stopped", Action.TERMINATE: "terminated", Action.REPORT: "reported, nothing touched"}[action]


def deadline_layers(settings: Settings, *, on_box_runner: bool) -> list[dict[str, str]]:
    """Who ends a run that nothing else has ended, and when; each layer works without the ones before it."""
    if not settings.max_runtime_hours:
        return []
    hours = f"{settings.max_runtime_hours:g} h"
    layers = [{"after_launch": hours, "who": f"the monitor ({settings.on_deadline})"}]
    if settings.on_deadline is Action.REPORT:
        return layers
    layers.append(
        {
            "after_launch": f"{hours} {_minutes(SWITCH_DELAY.seconds)}",
            "who": "EventBridge Scheduler, calling EC2 itself",
        }
    )
    if on_box_runner:
        layers.append({"after_launch": f"{hours} {_minutes(BOX_DELAY.seconds)}", "who": "the box's own timer"})
    return layers


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min"
