"""The guard and the last resort power off a box whose time is over: they too let the training save."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runctl_component.box.box_tags import TAG_POWER_OFF_AFTER
from sandbox.box.machine import Box
from sandbox.box.waiting import wait_until

from .product import TAGS, product_box

TRAINING = """
trap 'sleep 3; echo saved >>/root/events; sync; exit 1' TERM
echo started >/root/events
sync
sleep 600 & wait
"""
SLOW = "[Service]\nExecStop=/bin/sleep 1\n"
FILES = {f"/etc/systemd/system/{service}.service.d/slow.conf": SLOW for service in ("dbus", "systemd-logind")}
"""While these end, they answer a second request to power off by a refusal."""


@pytest.fixture(scope="module")
def machine() -> Iterator[Box]:
    with product_box(TRAINING, files=FILES) as box:
        yield box


@pytest.fixture
def box(machine: Box) -> Box:
    """One whose training has begun, and which has time."""
    machine.metadata.set_tags(TAGS)
    machine.boot()
    wait_until(lambda: machine.run("cat /root/events").stdout == "started\n", 30, "start of the training")
    return machine


def _saved(box: Box) -> bool:
    return box.run_on_disk("cat /root/events").stdout == "started\nsaved\n"


def test_a_training_has_saved_when_the_guard_has_powered_its_box_off(box: Box) -> None:
    box.metadata.set_tags({TAG_POWER_OFF_AFTER: "1"})
    box.run("systemctl restart --no-block runctl-guard")
    box.wait_until_off(60)
    assert _saved(box)


def test_a_training_has_saved_when_the_last_resort_has_powered_its_box_off(box: Box) -> None:
    box.run("systemctl stop runctl-guard; echo 1 >/run/runctl/power-off-at; echo broken >/usr/local/lib/runctl/box")
    box.run("systemctl start runctl-guard")
    box.wait_until_off(60)
    assert _saved(box)
