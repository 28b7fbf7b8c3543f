"""The plan of a run, for the reviewer of a preview: how it is watched, how it ends, what watching costs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice, takewhile
from typing import cast

from monitor_runtime.contract.backoff import offsets
from monitor_runtime.contract.deadline import BOX_DELAY, REPORT_DELAY, SWITCH_DELAY
from monitor_runtime.contract.settings import Settings
from runctl_component.plan import prices, waits
from runctl_component.plan.day_of_watching import day_words, monitor_dollars, watch_for_a_day
from runctl_component.plan.durations import SECONDS_PER_HOUR
from runctl_component.plan.endings import endings, has_layers
from runctl_component.plan.longest_run import longest_runs
from runctl_component.plan.plan_type import DeadlineLayer, LongestWait, MonitorDollars, Plan
from runctl_component.plan.surroundings import Surroundings
from runctl_component.plan.warnings import warnings

SHOWN_CHECKS = 6
MONITOR_WORDS = (
    "for the monitor itself, on top of dollars_per_day: every day until it is removed, once for all the runs that"
    " share it; an account's first 10 metrics, 10 alarms and 3 dashboards are free, which is not deducted here"
)
"""https://aws.amazon.com/cloudwatch/pricing/"""
NO_DASHBOARD_WORDS = "; it has no dashboard"


def build_plan(settings: Settings, around: Surroundings | None = None) -> Plan:
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
        "endings": dict(endings(settings, around.spot)),
        "deadline_layers": deadline_layers(settings),
        "sign_of_life": sign_of_life(settings),
        "warnings": warnings(settings, around),
        "per_day_words": day_words(settings),
        "api_calls_per_day": watching.calls(),
        "dollars_per_day": _rounded(watching.dollars()),
        "monitor_dollars_per_day": _monitor_dollars(settings, around),
        "price_date": prices.PRICE_DATE,
    }


def _rounded(dollars: Mapping[str, float]) -> dict[str, float]:
    return {item: round(amount, 6) for item, amount in dollars.items()}


def _monitor_dollars(settings: Settings, around: Surroundings) -> MonitorDollars:
    dollars = _rounded(monitor_dollars(settings, has_dashboard=around.has_dashboard))
    words = MONITOR_WORDS if around.has_dashboard else MONITOR_WORDS + NO_DASHBOARD_WORDS
    return cast("MonitorDollars", {**dollars, "words": words})


def first_checks(settings: Settings) -> list[float]:
    """Seconds from the launch to each of the first checks, as far as they come before the deadline."""
    deadline = settings.max_runtime_hours * SECONDS_PER_HOUR
    due = takewhile(lambda offset: not deadline or offset <= deadline, offsets(settings))
    return [round(offset, 3) for offset in islice(due, SHOWN_CHECKS)]


def longest_wait(settings: Settings) -> LongestWait:
    """Seconds from the marker's LastModified to the stop call when nothing fails, verification at once."""
    wait: LongestWait = {
        "by_poll": waits.by_poll(settings),
        "words": f"the grace period of {settings.grace_seconds} s, or a check every"
        f" {waits.lasting_interval(settings)} s that comes up to {waits.LATENESS_SECONDS} s late, whichever is longer;"
        f" verification may add up to {settings.verify_timeout_seconds} s, uploads more",
    }
    by_event = waits.by_event(settings)
    return wait if by_event is None else {**wait, "by_event": by_event}


def deadline_layers(settings: Settings) -> list[DeadlineLayer]:
    """Who ends a run that nothing else has ended, and when; each layer works without the ones before it."""
    if not settings.max_runtime_hours:
        return []
    hours = f"{settings.max_runtime_hours:g} h"
    layers: list[DeadlineLayer] = [{"after_launch": hours, "who": f"the monitor ({settings.on_deadline})"}]
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
