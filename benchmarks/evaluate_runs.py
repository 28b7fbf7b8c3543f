"""How long a program of 1, 100 and 1,000 runs on one shared monitor takes to evaluate, and whether it is linear."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func
from rich.console import Console
from rich.table import Table

from runctl_component import Monitor, TrainingRun

COUNTS = (1, 100, 1000)
GOAL_MILLISECONDS = 20


class _Provider(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        del args
        known = {"partition": "aws", "region": "us-east-1", "accountId": "123456789012", "insecureValue": "ami-0"}
        return known, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        arn = f"arn:aws:any:us-east-1:123456789012:{args.name}"
        made = {"arn": arn, "name": args.name, "url": "https://queue", "privateIp": "10.0.0.1"}
        return "i-0123456789abcdef0", {**made, **vars(args)["inputs"]}


def evaluate(count: int) -> float:
    """Seconds for a program of ``count`` runs, from its first line to its last registration."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(_Provider(), project="benchmark", stack="dev")

    async def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}]})
        for number in range(count):
            TrainingRun(
                f"run-{number}",
                {"bucket": "outputs", "prefix": f"runs/{number}", "command": "python train.py"},
                pulumi.ResourceOptions(),
                monitor=monitor,
            )

    began = time.perf_counter()
    loop.run_until_complete(run_pulumi_func(program))
    elapsed = time.perf_counter() - began
    loop.close()
    return elapsed


def main() -> None:
    """Print the counts side by side."""
    evaluate(1)
    seconds = {count: evaluate(count) for count in COUNTS}
    table = Table(title=f"Evaluating runs (goal: under {GOAL_MILLISECONDS} ms a further run)", box=None)
    for heading in ("runs", "seconds", "ms a further run", "ratio to the least"):
        table.add_column(heading, justify="right")
    least = COUNTS[0]
    further = {count: (seconds[count] - seconds[least]) / (count - least) * 1000 for count in COUNTS if count != least}
    table.add_row(str(least), f"{seconds[least]:.2f}", "", "")
    for count, milliseconds in further.items():
        ratio = milliseconds / min(further.values())
        table.add_row(str(count), f"{seconds[count]:.2f}", f"{milliseconds:.1f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
