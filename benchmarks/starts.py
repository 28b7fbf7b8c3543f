"""What starts and calls of the monitor take, beside a function that imports boto3 and describes one instance.

All run in the emulator of Lambda's runtime, in turns. What counts is the CPU time of the function's process: up to its
first answer, with Python itself and the imports, and then for each further one; and the most memory that it ever held.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measured import Grid, Measured
from benchmarks.peers import PEERS
from monitor_runtime.contract.lateness import TIMEOUT_SECONDS
from runctl_component.monitor.archive import archive_path
from runctl_component.monitor.monitor import MEMORY_MB
from sandbox.runtime.emulator import HOST, Code, EmulatedFunction, emulated
from sandbox.runtime.get_runtime import Runtime, require_runtime
from tests.monitor_runtime.cloud.moto_cloud import ENVIRONMENT
from tests.runtime.on_lambda import OnLambda, listening, run_on_lambda

STARTS = 15
CALLS = 5
GOAL_RATIO = 1.3
OURS, FLOOR = "the monitor: a heartbeat of a run at work", "boto3, one DescribeInstances"
_FLOOR_SOURCE = """\
import boto3

EC2 = boto3.client("ec2")


def handler(event, context):
    described = EC2.describe_instances(InstanceIds=[event["instance_id"]])
    return described["Reservations"][0]["Instances"][0]["State"]["Name"]
"""


@dataclass(frozen=True)
class Function:
    """Something to start, and what to invoke it with."""

    what: str
    code: Code
    event: Callable[[OnLambda], Mapping[str, Any]]
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Start:
    """CPU milliseconds of the first call and of a further one, and the peak of memory in MiB."""

    cold: float
    warm: float
    peak: float


def functions(folder: Path, checkouts: Path | None) -> Iterator[Function]:
    """All of them, unpacked."""
    for name in ("ours", "floor"):
        (folder / name).mkdir()
    with zipfile.ZipFile(archive_path()) as content:
        content.extractall(folder / "ours")
    (folder / "floor" / "describe.py").write_text(_FLOOR_SOURCE, encoding="utf-8")
    ours = Code(folder / "ours", "monitor_runtime.handler.handler", ENVIRONMENT, TIMEOUT_SECONDS, MEMORY_MB)
    floor = Code(folder / "floor", "describe.handler", memory_mb=MEMORY_MB)
    yield Function(OURS, ours, lambda run: run.event())
    yield Function(FLOOR, floor, lambda run: {"instance_id": run.instance_id})
    for peer in PEERS:
        if checkouts is not None and not peer.missing(checkouts):
            code = peer.unpacked(checkouts, folder / peer.name)
            yield Function(peer.title, code, lambda _, peer=peer: peer.event, peer.prepare)


def start(runtime: Runtime, function: Function) -> Start:
    """One start, and some calls after it. Each has a run of its own, so none sees what the one before did."""
    with listening() as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        with emulated(runtime, function.code, address) as started, run_on_lambda(started, listener) as run:
            run.first_checked()
            function.prepare()
            event = function.event(run)
            spent = [_spent_after(started, event) for _ in range(1 + CALLS)]
            return Start(spent[0], (spent[-1] - spent[0]) / CALLS, started.peak_memory_mib())


def _spent_after(function: EmulatedFunction, event: Mapping[str, Any]) -> float:
    answer = function.invoke(event)
    if answer.error_type:
        raise RuntimeError(f"a function failed: {answer.error_type}: {answer.error_message}\n{answer.log}")
    return function.cpu_seconds() * 1000


def measured(runtime: Runtime, checkouts: Path | None) -> Mapping[str, Sequence[Start]]:
    """Starts of all, in turns, so that whatever else the machine does meets all alike."""
    with TemporaryDirectory() as name:
        each = list(functions(Path(name), checkouts))
        figures: dict[str, list[Start]] = {function.what: [] for function in each}
        for _ in range(STARTS):
            for function in each:
                figures[function.what].append(start(runtime, function))
    return figures


def rows(figures: Mapping[str, Sequence[Start]]) -> Iterator[tuple[str, ...]]:
    """Medians of each, the range of its cold starts, and how its cold start compares with the floor's."""
    floor = median(each.cold for each in figures[FLOOR])
    for what, starts in figures.items():
        cold = [each.cold for each in starts]
        yield (
            what,
            f"{median(cold):.0f}",
            f"{min(cold):.0f} to {max(cold):.0f}",
            f"{median(cold) / floor:.2f}",
            f"{median(each.warm for each in starts):.1f}",
            f"{median(each.peak for each in starts):.0f}",
        )


def measure(checkouts: Path | None) -> Measured:
    """The monitor, the floor, and the peers of which there is a checkout.

    Raises:
        NoRuntimeError: when Lambda's runtime is not to be had.
    """
    figures = measured(require_runtime(), checkouts)
    headings = ("function", "cold, CPU ms", "range", "ratio", "warm, CPU ms", "peak, MiB")
    return Measured(
        [Grid(headings, list(rows(figures)))],
        [
            f"Medians of {STARTS} starts of each, in turns, and of {CALLS} further calls after each.",
            f"The goal: a ratio of {GOAL_RATIO}.",
            "The emulator has this machine's Python, and compiles sources at each start, as Lambda does.",
            *(f"Not measured: {reason}." for peer in PEERS if (reason := peer.missing(checkouts))),
        ],
    )
