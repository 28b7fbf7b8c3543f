"""The monitor's signal, as the agent of Systems Manager carries it out: before a spot interruption, at a deadline."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import pytest

from runctl_component.monitor.stop_document import stop_document
from sandbox.box.machine import Box
from sandbox.box.waiting import wait_until

from .product import FAILED, SUCCEEDED, product_box, train_anew

SCRIPT = "\n".join(json.loads(stop_document())["mainSteps"][0]["inputs"]["runCommand"])
TRAINING = """
trap 'sleep 3; echo saved >>/root/events; sync; exit 1' TERM
echo launch >>/root/events
sync
sleep 600 & wait
"""


@pytest.fixture
def box(training: Box) -> Box:
    """One whose training has just begun."""
    training.run("systemctl stop runctl-training; rm -f /root/events")
    train_anew(training, TRAINING)
    _await_events(training, "launch")
    return training


@pytest.fixture(scope="module")
def training() -> Iterator[Box]:
    with product_box(TRAINING) as machine:
        machine.boot()
        yield machine


def _await_events(box: Box, *events: str) -> None:
    wait_until(lambda: box.run("cat /root/events").stdout.split() == list(events), 30, " and ".join(events))


def test_the_training_has_saved_when_the_document_has_run_and_leaves_no_marker(box: Box) -> None:
    assert box.run(SCRIPT).returncode == 0
    assert box.run("cat /root/events").stdout.split() == ["launch", "saved"]
    assert not {SUCCEEDED, FAILED} & set(box.objects())


def test_a_box_that_was_signalled_trains_again_at_its_next_boot(box: Box) -> None:
    box.run(SCRIPT)
    box.reboot()
    _await_events(box, "launch", "saved", "launch")


def test_an_agent_that_gives_up_on_the_document_does_not_keep_the_training_from_saving(box: Box) -> None:
    box.run(f"timeout --signal=KILL 1 sh -c {shlex.quote(SCRIPT)}")
    _await_events(box, "launch", "saved")


def test_a_second_signal_changes_nothing(box: Box) -> None:
    box.run(f"timeout --signal=KILL 1 sh -c {shlex.quote(SCRIPT)}; {SCRIPT}")
    assert box.run("cat /root/events").stdout.split() == ["launch", "saved"]
