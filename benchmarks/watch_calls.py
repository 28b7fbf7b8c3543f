"""A day's watch of 3 markers and 4 outputs: its calls beside a HEAD of each file every 60 s, its logs, its metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from runctl_component.plan.day_of_watching import HANDLER_LOG_BYTES
from sandbox.aws.functions import Invocation
from sandbox.demo.scenarios import DAY
from sandbox.demo.story import RUN, Story, play

FILES = 7
HEADS = FILES * int(timedelta(days=1) / timedelta(seconds=60))
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


def calls_table(story: Story) -> Table:
    """The calls of the day by service."""
    measured, planned = story.calls(), story.deployment.outputs[RUN]["plan"]["api_calls_per_day"]
    table = Table(title=f"Calls of 24 h of watching (goal: at most {GOAL:.0%} of {HEADS:,} HEADs)", box=None)
    for heading in ("service", "measured", "planned", "measured to planned", "measured to HEADs"):
        table.add_column(heading, justify="left" if heading == "service" else "right")
    for service in sorted({*measured, *planned}):
        called, said = measured[service], planned.get(service, 0)
        ratio = f"{called / said:.2f}" if said else ""
        table.add_row(service, f"{called:,}", f"{said:,}", ratio, f"{called / HEADS:.1%}")
    total, said = measured.total(), sum(planned.values())
    table.add_row("all", f"{total:,}", f"{said:,}", f"{total / said:.2f}", f"{total / HEADS:.1%}")
    return table


def main() -> None:
    """Play the day with the real handler on moto, and print what it took."""
    story = play(DAY)
    watched = until_the_stop(story)
    console = Console()
    console.print(calls_table(story))
    console.print(
        f"bytes logged by an invocation: {bytes_per_invocation(watched):,.0f} (planned {HANDLER_LOG_BYTES:,})"
    )
    console.print(f"metric-hours of the monitor: {metric_hours(watched, story.launched_at)}")


if __name__ == "__main__":
    main()
