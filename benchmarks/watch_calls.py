"""The calls of a day's watch, 3 markers and 4 outputs, beside a HEAD of each file every 60 s; and beside the plan."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console
from rich.table import Table

from sandbox.scenarios import DAY
from sandbox.story import RUN, play

FILES = 7
HEADS = FILES * int(timedelta(days=1) / timedelta(seconds=60))
GOAL = 0.1


def main() -> None:
    """Play the day with the real handler on moto, and print its calls by service."""
    story = play(DAY)
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
    Console().print(table)


if __name__ == "__main__":
    main()
