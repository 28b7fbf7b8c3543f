"""A day's watch of 3 markers and 4 outputs: its calls beside a HEAD of each file every 60 s, its logs, its metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from benchmarks.measured import Grid, Measured
from runctl_component.plan import prices
from runctl_component.plan.day_of_watching import HANDLER_LOG_BYTES, Watching
from sandbox.aws.functions import Invocation
from sandbox.demo.scenarios import DAY
from sandbox.demo.story import RUN, Story, play

FILES = 7
MINUTES = int(timedelta(days=1) / timedelta(minutes=1))
HEADS = FILES * MINUTES
GOAL = 0.1


def until_the_stop(story: Story) -> list[Invocation]:
    """The invocations that watched the run and ended it."""
    return [entry for entry in story.invocations if story.called_at is None or entry.started_at <= story.called_at]


def bytes_per_invocation(invocations: list[Invocation]) -> float:
    """What the handler logs in one invocation, on average."""
    return sum(len(entry.output.encode()) for entry in invocations) / len(invocations)


def metric_hours(invocations: Iterable[Invocation], launched_at: datetime) -> int:
    """The hours since the launch in which each metric was sent, all added up."""
    sent = {
        (int((entry.started_at - launched_at) / timedelta(hours=1)), metric)
        for entry in invocations
        for line in entry.output.splitlines()
        for metric in _metrics(json.loads(line))
    }
    return len(sent)


def _metrics(line: dict[str, Any]) -> list[tuple[str, ...]]:
    """The metrics in a line of the embedded metric format, each with the values of its dimensions."""
    return [
        (metric["Name"], *(str(line[name]) for name in dimensions))
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    ]


def calls(story: Story) -> Grid:
    """The calls of the day by service."""
    measured, planned = story.calls(), story.deployment.outputs[RUN]["plan"]["api_calls_per_day"]
    rows = [_row(service, measured[service], planned.get(service, 0)) for service in sorted({*measured, *planned})]
    rows.append(_row("all", measured.total(), sum(planned.values())))
    return Grid(("calls of", "measured", "planned", "measured to planned", "measured to HEADs"), rows)


def _row(service: str, called: int, planned: int) -> tuple[str, ...]:
    ratio = f"{called / planned:.2f}" if planned else ""
    return service, f"{called:,}", f"{planned:,}", ratio, f"{called / HEADS:.1%}"


def dollars(story: Story, watched: list[Invocation]) -> Grid:
    """The dollars of the day, beside those of functions that look at a fixed interval, with the same prices."""
    ours = story.deployment.outputs[RUN]["plan"]["dollars_per_day"]
    minutely = Watching(heartbeats=MINUTES, follow_ups=0, events=0, lists_per_check=1, asks_metric=False).dollars()
    heads = HEADS * prices.S3_GET
    ways = {
        "runctl, backoff to 300 s": (len(watched), ours["s3"], ours["total"]),
        "one LIST every 60 s": (MINUTES, minutely["s3"], minutely["total"]),
        f"a HEAD of each of {FILES} files every 60 s": (MINUTES, heads, minutely["total"] - minutely["s3"] + heads),
    }
    least = ways["one LIST every 60 s"][2]
    rows = [
        (way, f"{invocations:,}", f"{s3:.4f}", f"{total:.4f}", f"{total / least:.2f}")
        for way, (invocations, s3, total) in ways.items()
    ]
    return Grid(("a day of", "invocations", "dollars of S3", "dollars", "ratio"), rows)


def measure() -> Measured:
    """Play the day with the real handler on moto, and count what it took."""
    story = play(DAY)
    watched = until_the_stop(story)
    logged = bytes_per_invocation(watched)
    return Measured(
        [calls(story), dollars(story, watched)],
        [
            "24 h with 3 markers and 4 outputs to watch for, by the real handler on moto.",
            f"The goal: at most {GOAL:.0%} of the {HEADS:,} HEADs of fixed polling.",
            f"Dollars are list prices of {prices.PRICE_DATE} in us-east-1, with Lambda, schedules and logs.",
            "They leave out the monitor's own metrics and alarms, which are the same for one run as for a thousand.",
            f"An invocation logs {logged:,.0f} bytes (planned: {HANDLER_LOG_BYTES:,}).",
            f"The monitor's metrics are sent in {metric_hours(watched, story.launched_at)} metric-hours.",
        ],
    )
