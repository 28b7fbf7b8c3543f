"""What a cold start of the monitor takes, beside a function that imports boto3 and describes one instance.

Both run in the emulator of Lambda's runtime, in turns, on moto. What counts is the CPU time of the function's process
up to its first answer: of Python itself, of the imports, and of the first call.
"""

from __future__ import annotations

import os
import platform
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from runctl_component.monitor.archive import archive_path
from runctl_component.monitor.monitor import MEMORY_MB, TIMEOUT_SECONDS
from sandbox.runtime.emulator import HOST, Code, emulated
from sandbox.runtime.get_runtime import NoRuntimeError, Runtime, require_runtime
from tests.monitor_runtime.cloud.moto_cloud import ENVIRONMENT
from tests.runtime.on_lambda import listening, run_on_lambda

STARTS = 15
GOAL_RATIO = 1.3
OURS, FLOOR = "the monitor: a heartbeat of a run at work", "boto3, one DescribeInstances"
_FLOOR_SOURCE = """\
import boto3

EC2 = boto3.client("ec2")


def handler(event, context):
    described = EC2.describe_instances(InstanceIds=[event["instance_id"]])
    return described["Reservations"][0]["Instances"][0]["State"]["Name"]
"""


def functions(folder: Path) -> dict[str, Code]:
    """The two functions, unpacked, by what they are."""
    for name in ("ours", "floor"):
        (folder / name).mkdir()
    with zipfile.ZipFile(archive_path()) as content:
        content.extractall(folder / "ours")
    (folder / "floor" / "describe.py").write_text(_FLOOR_SOURCE, encoding="utf-8")
    ours = Code(folder / "ours", "monitor_runtime.handler.handler", ENVIRONMENT, TIMEOUT_SECONDS, MEMORY_MB)
    return {OURS: ours, FLOOR: Code(folder / "floor", "describe.handler", memory_mb=MEMORY_MB)}


def start(runtime: Runtime, code: Code) -> float:
    """CPU milliseconds of one cold start. Each has a run of its own, so none sees what the one before did."""
    with listening() as listener:
        port = int(listener.getsockname()[1])
        with emulated(runtime, code, f"http://{HOST}:{port}") as function, run_on_lambda(function, listener) as run:
            run.first_checked()
            answer = function.invoke({**run.event(), "instance_id": run.instance_id})
            spent = function.cpu_seconds()
    if answer.error_type:
        raise RuntimeError(f"{code.handler} failed: {answer.error_message}")
    return spent * 1000


def measured(runtime: Runtime) -> Mapping[str, list[float]]:
    """Cold starts of both, in turns, so that whatever else the machine does meets both alike."""
    with TemporaryDirectory() as name:
        both = functions(Path(name))
        figures: dict[str, list[float]] = {what: [] for what in both}
        for _ in range(STARTS):
            for what, code in both.items():
                figures[what].append(start(runtime, code))
    return figures


def rows(figures: Mapping[str, list[float]]) -> Iterator[tuple[str, ...]]:
    """Median and spread of each, and how its median compares with the floor's."""
    for what, spent in figures.items():
        lower, _, upper = quantiles(spent, n=4)
        ratio = median(spent) / median(figures[FLOOR])
        yield (
            what,
            *(f"{figure:.0f}" for figure in (median(spent), lower, upper, min(spent), max(spent))),
            f"{ratio:.2f}",
        )


def main() -> int:
    """Print the table; without Lambda's runtime, say how to get it."""
    console = Console()
    load = os.getloadavg()[0]
    try:
        figures = measured(require_runtime())
    except NoRuntimeError as error:
        console.print(str(error))
        return 0
    table = Table(title=f"CPU ms of a cold start, {STARTS} each in turns", box=None)
    for heading in ("function", "median", "lower quartile", "upper quartile", "least", "most", "ratio"):
        table.add_column(heading, justify="left" if heading == "function" else "right")
    for row in rows(figures):
        table.add_row(*row)
    console.print(table)
    console.print(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()}"
        f" processors, load {load:.1f} before; the goal is a ratio of {GOAL_RATIO}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
