"""How long a box takes from the end of its command to the marker in S3, with a real systemd and the real AWS CLI.

S3 is in this process, so what AWS takes comes on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.measured import Grid, Measured
from sandbox.box.machine import Box
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


def measure() -> Measured:
    """Ten commands on one box.

    Raises:
        NoBoxError: when there is none.
    """
    logs, markers = zip(*measured(), strict=True)
    rows = [
        (what, *(f"{figure:.2f}" for figure in (median(seconds), min(seconds), max(seconds))))
        for what, seconds in (("its log is in S3", logs), ("its marker is in S3", markers))
    ]
    return Measured(
        [Grid(("seconds from the end of a command until", "median", "least", "most"), rows)],
        [
            f"{TIMES} commands on a booted box with systemd and the AWS CLI.",
            "S3 is on the same machine, so what AWS takes comes on top.",
        ],
    )
