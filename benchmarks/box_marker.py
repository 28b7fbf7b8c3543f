"""How long a box takes from the end of its command to the marker in S3, with a real systemd and the real AWS CLI.

S3 is in this process, so what AWS takes comes on top.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from statistics import median

from rich.console import Console
from rich.table import Table

from sandbox.box.machine import Box
from sandbox.box.root import NoBoxError
from sandbox.box.waiting import wait_until
from tests.on_box.machine.product import PREFIX, SUCCEEDED, await_marker, product_box, train_anew

TIMES = 10
ENDED = "/root/ended"
COMMAND = f"echo trained; echo $EPOCHREALTIME >{ENDED}"
LOG, MARKER = f"{PREFIX}runctl/training-", SUCCEEDED


def arrivals(box: Box) -> tuple[float, float]:
    """Seconds from the end of a command to its log and to its marker. The box has the clock of this process."""
    box.s3.seen.clear()
    train_anew(box, COMMAND)
    wait_until(lambda: MARKER in box.s3.uploads(), 60, MARKER)
    ended = float(box.run(f"cat {ENDED}").stdout)
    return _arrival(box, LOG) - ended, _arrival(box, MARKER) - ended


def _arrival(box: Box, key: str) -> float:
    beginning = f"/{box.s3.bucket}/{key}"
    return next(seen.at for seen in box.s3.seen if seen.method == "PUT" and seen.path.startswith(beginning))


def measured() -> Iterator[tuple[float, float]]:
    """`arrivals` of `TIMES` commands, one after the other on one box."""
    with product_box("true") as box:
        box.boot()
        await_marker(box)
        for _ in range(TIMES):
            yield arrivals(box)


def main() -> int:
    """Print the table; without a box, say how to get one."""
    console = Console()
    load = os.getloadavg()[0]
    try:
        logs, markers = zip(*measured(), strict=True)
    except NoBoxError as error:
        console.print(str(error))
        return 0
    table = Table(title="Seconds from the end of a command", box=None)
    for heading in ("what is in S3", "median", "least", "most"):
        table.add_column(heading, justify="left" if heading == "what is in S3" else "right")
    for what, seconds in (("the log", logs), ("the marker", markers)):
        table.add_row(what, *(f"{figure:.2f}" for figure in (median(seconds), min(seconds), max(seconds))))
    console.print(table)
    console.print(f"{TIMES} commands; the load of this machine was {load:.1f} before, on {os.cpu_count()} processors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
