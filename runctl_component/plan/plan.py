"""The plan of a run, for the reviewer of a preview: how it is watched, how it ends, what watching costs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice, takewhile
from typing import Any

from monitor_runtime.contract.backoff import offsets
from monitor_runtime.contract.deadline import BOX_DELAY, REPORT_DELAY, SWITCH_DELAY
from monitor_runtime.contract.lateness import STILL
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings
from runctl_component.plan import prices, waits
from runctl_component.plan.day_of_watching import (
    DAY_SECONDS,
    SECONDS_PER_HOUR,
    monitor_dollars,
    watch_for_a_day,
    watched_seconds,
)
from runctl_component.plan.longest_run import has_layers, longest_runs
from runctl_component.plan.surroundings import Surroundings
from runctl_component.plan.warnings import kept_until, warnings

SHOWN_CHECKS = 6
MONITOR_WORDS = (
    "for the monitor itself, on top of dollars_per_day: every day until it is removed, once for all the runs that"
    " share it; an account's first 10 metrics, 10 alarms and 3 dashboards are free, which is not deducted here"
)
"""https://aws.amazon.com/cloudwatch/pricing/"""


def build_plan(settings: Settings, around: Surroundings | None = None) -> dict[str, Any]:
    """Words and numbers that follow from the settings alone, so that a preview shows all of them.

    What a preview does not know of what is ``around`` hides nothing.
    """
    around = around or Surroundings()
    watching, longest = watch_for_a_day(settings), longest_runs(settings, around)
    return {
        "first_checks_seconds": first_checks(settings),
        "then_every_seconds": waits.lasting_interval(settings),
        "longest_wait_seconds": longest_wait(settings),
        "longest_run": {failure: bound.words for failure, bound in longest.items()},
        "longest_run_seconds": {failure: bound.seconds for failure, bound in longest.items() if bound.seconds},
        "endings": endings(settings, spot=around.spot),
        "deadline_layers": deadline_layers(settings),
        "sign_of_life": sign_of_life(settings),
        "warnings": warnings(settings, around),
        "per_day_words": day_words(settings),
        "api_calls_per_day": watching.calls(),
        "dollars_per_day": _rounded(watching.dollars()),
        "monitor_dollars_per_day": {**_rounded(monitor_dollars(settings)), "words": MONITOR_WORDS},
        "price_date": prices.PRICE_DATE,
    }


def _rounded(dollars: Mapping[str, float]) -> dict[str, float]:
    return {item: round(amount, 6) for item, amount in dollars.items()}


def first_checks(settings: Settings) -> list[float]:
    """Seconds from the launch to each of the first checks, as far as they come before the deadline."""
    deadline = settings.max_runtime_hours * SECONDS_PER_HOUR
    due = takewhile(lambda offset: not deadline or offset <= deadline, offsets(settings))
    return [round(offset, 3) for offset in islice(due, SHOWN_CHECKS)]


def day_words(settings: Settings) -> str:
    """The time that ``api_calls_per_day`` and ``dollars_per_day`` cover."""
    watched = watched_seconds(settings)
    if watched == DAY_SECONDS:
        return "for a day of 24 h"
    return f"for the {watched / SECONDS_PER_HOUR:g} h until the deadline, which is less than a day"


def longest_wait(settings: Settings) -> dict[str, Any]:
    """Seconds from the marker's LastModified to the stop call when nothing fails, verification at once."""
    wait: dict[str, Any] = {
        "by_poll": waits.by_poll(settings),
        "words": f"the grace period of {settings.grace_seconds} s, or a check every"
        f" {waits.lasting_interval(settings)} s that comes up to {waits.LATENESS_SECONDS} s late, whichever is longer;"
        f" verification may add up to {settings.verify_timeout_seconds} s, uploads more",
    }
    by_event = waits.by_event(settings)
    return wait if by_event is None else {**wait, "by_event": by_event}


def endings(settings: Settings, *, spot: str | None) -> dict[str, str]:
    """What each outcome does to the instance."""
    grace = f"{settings.grace_seconds} s after"
    stopped = _action_phrase(settings.on_complete, spot)
    if settings.terminate_after_days and settings.on_complete is Action.STOP and spot != "one-time":
        stopped += f", terminated {_days(settings.terminate_after_days)} later"
    succeeded = [f"{grace} {_any_of(settings.markers)}"] if settings.markers else []
    if settings.expected_outputs:
        succeeded.append(f"{grace} the newest of {', '.join(settings.expected_outputs)}")
    words = {
        "succeeded": f"{stopped}, {', or '.join(succeeded)}",
        "unverified": f"{_unverified_phrase(settings, spot)}, when what was written cannot be verified within"
        f" {settings.verify_timeout_seconds} s, or {_minutes(STILL.seconds)} after an upload stands still",
    }
    failed = [_any_of(settings.failure_markers)] if settings.failure_markers else []
    if settings.markers:
        failed.append("a marker whose body says failed")
    if failed:
        words["failed"] = f"{_action_phrase(settings.on_failure, spot)}, {grace} {', or '.join(failed)}"
    if settings.max_runtime_hours:
        words["deadline"] = (
            f"{_action_phrase(settings.on_deadline, spot)}, {settings.max_runtime_hours:g} h after the launch"
        )
    if settings.stalled:
        words["stalled"] = (
            f"{_action_phrase(settings.on_failure, spot)}, when no new object matches"
            f" {_any_of(settings.stalled.patterns)} for {settings.stalled.minutes} minutes"
        )
    if settings.idle:
        idle = settings.idle
        words["idle"] = (
            f"{_action_phrase(settings.on_failure, spot)}, when {idle.metric} stays"
            f" {'at' if idle.threshold == 0 else 'under'} {idle.threshold:g} for {idle.minutes} minutes, after the"
            f" training was active or {idle.warm_up_minutes} minutes after the launch"
        )
    if spot:
        words["interrupted"] = "EC2 takes the instance back; the training is signalled about two minutes before"
    return words


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _action_phrase(action: Action, spot: str | None) -> str:
    if action is Action.STOP and spot == "one-time":
        return "terminated (EC2 cannot stop one-time spot instances)"
    return {Action.STOP: "stopped", Action.TERMINATE: "terminated", Action.REPORT: "reported, nothing changed"}[action]


def _unverified_phrase(settings: Settings, spot: str | None) -> str:
    """Nothing is destroyed on doubt."""
    if settings.on_complete is Action.REPORT or spot != "one-time":
        return _action_phrase(Action.REPORT if settings.on_complete is Action.REPORT else Action.STOP, spot)
    return f"kept running {kept_until(settings)} (EC2 cannot stop one-time spot instances), and told at once"


def deadline_layers(settings: Settings) -> list[dict[str, str]]:
    """Who ends a run that nothing else has ended, and when; each layer works without the ones before it."""
    if not settings.max_runtime_hours:
        return []
    hours = f"{settings.max_runtime_hours:g} h"
    layers = [{"after_launch": hours, "who": f"the monitor ({settings.on_deadline})"}]
    if not has_layers(settings):
        return layers
    layers.append(
        {
            "after_launch": f"{hours} {_minutes(SWITCH_DELAY.seconds)}",
            "who": "EventBridge Scheduler, calling EC2 directly",
        }
    )
    if settings.box_reports:
        layers.append({"after_launch": f"{hours} {_minutes(BOX_DELAY.seconds)}", "who": "the instance's own timer"})
    return layers


def sign_of_life(settings: Settings) -> str:
    """What is told of an instance on which the training never began."""
    if not settings.box_reports:
        return "none: with user_data, nobody is told when the training does not begin"
    within = _minutes(REPORT_DELAY.seconds)
    return f"the instance reports when the training begins; it is told, once a launch, if it has not within {within}"


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min"
