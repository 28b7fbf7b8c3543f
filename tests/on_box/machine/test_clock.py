"""A clock that is set: what the box does by time, it does by the time since its boot.

A box has the clock of its host, and that is nobody's to set here. So it is the runner that is told another time, in the
moment in which it asks for one; systemd is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from runctl_component.box.box_tags import TAG_POWER_OFF_AFTER
from sandbox.box.machine import Box
from sandbox.box.waiting import wait_until

from .product import TAGS, await_marker, product_box

PACKAGES = "/usr/lib/python3/dist-packages"
AHEAD = "/root/clock-is-ahead-by"
CLOCK = f"""
import datetime, sys

def ahead():
    try:
        with open("{AHEAD}") as seconds:
            return float(seconds.read())
    except (OSError, ValueError):
        return 0

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=ahead())

if sys.orig_argv[0] == "runctl":
    datetime.datetime = Clock
"""
FILES = {f"{PACKAGES}/another_clock.py": CLOCK, f"{PACKAGES}/another_clock.pth": "import another_clock\n"}
LOOKED = "/run/runctl/power-off-at"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """One that trains until it is told to end, with a limit of two hours."""
    command = "until [[ -e /root/go ]]; do sleep 0.1; done"
    with product_box(command, tags={**TAGS, TAG_POWER_OFF_AFTER: "7200"}, files=FILES) as machine:
        machine.boot()
        yield machine


def _set_clock(box: Box, ahead: timedelta) -> None:
    box.run(f"echo {ahead.total_seconds()} >{AHEAD}; sync")


def test_a_clock_that_is_set_ahead_by_days_ends_no_run(box: Box) -> None:
    _set_clock(box, timedelta(days=30))
    box.run(f"rm -f {LOOKED}; systemctl restart runctl-guard")
    wait_until(lambda: box.run(f"cat {LOOKED}").stdout == "7200\n", 30, "look of the guard")
    box.run("touch /root/go")
    await_marker(box)
    assert box.is_on


def test_a_clock_that_is_set_back_by_days_keeps_no_box_up(box: Box) -> None:
    _set_clock(box, -timedelta(days=30))
    box.lose_host()
    box.boot(uptime_seconds=7300)
    box.run("systemctl start --no-block runctl-guard")
    box.wait_until_off(30)
    assert "up for" in box.console()
