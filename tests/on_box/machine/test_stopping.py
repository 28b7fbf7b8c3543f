"""The service is stopped by a real systemd: every program that can save does, wherever it has gone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from runctl_component.box.box_tags import TAG_SHUTDOWN_TIMEOUT
from sandbox.box.machine import Box
from sandbox.box.waiting import wait_until

from ..stopping.cases import CASES, PROGRAMS, Case, environment
from .product import await_marker, product_box, train_anew

FOLDER = "/opt/programs"
CHOSEN = {
    "workers, saving after the step",
    "a next line",
    "tee",
    "multiprocessing, spawn",
    "timeout",
    "setsid -w",
    "su -l",
    "sudo",
    "a scope",
    "tmux",
    "a trap that forwards",
    "nohup &",
}
"""Those in which systemd, sessions or control groups have a part; the others need none of them."""


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """One that has run the product's user data, and on which each test has the runner run its own command."""
    programs = {f"{FOLDER}/{path.name}": path.read_text() for path in PROGRAMS.glob("*.py")}
    with product_box("true", environment(FOLDER), files=programs) as machine:
        machine.boot()
        await_marker(machine)
        yield machine


def _events(box: Box) -> list[str]:
    return box.run("cat /root/events").stdout.splitlines()


@pytest.mark.parametrize("case", [case for case in CASES if case.name in CHOSEN], ids=lambda case: case.name)
def test_a_stop_of_the_service_reaches_each_program_that_can_save(box: Box, case: Case) -> None:
    box.metadata.set_tags({TAG_SHUTDOWN_TIMEOUT: str(math.ceil(case.timeout_seconds))})
    box.run("rm -f /root/events")
    train_anew(box, case.command)
    wait_until(lambda: sum(line.endswith(" started") for line in _events(box)) >= case.started, 20, "start")
    stopped = box.run("sleep 0.3; systemctl stop runctl-training", seconds=40)
    seen = [line for line in _events(box) if not line.endswith(" started")]
    assert (stopped.returncode, seen) == (0, list(case.seen)), box.journal("runctl-training")[-2000:]


def test_every_chosen_case_is_one() -> None:
    assert {case.name for case in CASES} >= CHOSEN
