"""How a training ends on a box that boots: by itself, with the machine, or with nothing left to write on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from monitor_runtime.observe.marker_body import parse_body
from runctl_component.box.box_tags import TAG_POWER_OFF_AFTER
from sandbox.box.machine import Box
from sandbox.box.waiting import wait_until

from .product import FAILED, PREFIX, SUCCEEDED, TAGS, await_marker, product_box

SAVES = "trap 'echo saved >>/root/saved; exit 1' TERM; echo launch >>/root/launches; sync\n"
FILLS = "for size in 1M 4k; do dd if=/dev/zero of=/root/fill-$size bs=$size || true; done\n"
IN_THE_FIRST_BOOT = "if [[ $(wc -l </root/launches) == 1 ]]; then sleep 600 & wait; fi"


def _await_launch(box: Box, number: int) -> None:
    wait_until(lambda: box.run("cat /root/launches").stdout.count("launch") == number, 30, f"launch {number}")


def _is_full(box: Box) -> bool:
    return "No space left" in box.run("head -c 1000000 /dev/zero >>/root/another").stderr


def test_a_disk_that_is_full_keeps_no_marker_back() -> None:
    with product_box(FILLS, disk_mebibytes=300) as box:
        box.boot()
        await_marker(box)
        assert _is_full(box)
        assert parse_body(box.object(SUCCEEDED)).exit_code == 0


def test_a_failure_on_a_full_disk_is_told_as_a_failure() -> None:
    with product_box("dd if=/dev/zero of=/root/fill bs=1M", disk_mebibytes=300) as box:
        box.boot()
        await_marker(box, FAILED)
        assert SUCCEEDED not in box.objects()
        assert parse_body(box.object(FAILED)).exit_code == 1


def test_a_command_that_shuts_the_machine_down_has_succeeded_and_does_not_train_again() -> None:
    with product_box("echo launch >>/root/launches\nshutdown -h now") as box:
        box.start()
        box.wait_until_off(60)
        box.boot()
        await_marker(box)
        assert box.run("cat /root/launches").stdout == "launch\n"


def test_the_command_that_the_documentation_names_has_a_finished_box_train_anew() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^sudo (rm .*runctl-training.*)$", page, re.MULTILINE)
    with product_box("echo launch >>/root/launches") as box:
        box.boot()
        await_marker(box)
        box.reboot()
        box.s3.remove(SUCCEEDED)
        box.run(command.replace("sudo ", ""))
        await_marker(box)
        assert box.run("cat /root/launches").stdout == "launch\n" * 2


def test_a_reboot_lets_the_training_save_and_the_next_boot_trains_again() -> None:
    with product_box(f"{SAVES}{IN_THE_FIRST_BOOT}") as box:
        box.boot()
        _await_launch(box, 1)
        box.reboot()
        _await_launch(box, 2)
        await_marker(box)
        assert box.run("cat /root/saved").stdout == "saved\n"


def test_a_lost_host_loses_no_log_that_was_uploaded_and_the_next_boot_trains_again() -> None:
    with product_box(f"{SAVES}{IN_THE_FIRST_BOOT}") as box:
        box.boot()
        _await_launch(box, 1)
        box.run("sync")
        box.lose_host()
        box.boot()
        await_marker(box)
        started = json.loads(box.object(f"{PREFIX}runctl/started.json"))
        assert (started["launch"], box.run("cat /root/launches").stdout) == (2, "launch\n" * 2)


def test_the_guard_powers_off_what_is_up_for_too_long_also_with_a_full_disk() -> None:
    with product_box(f"{FILLS}sleep 600", tags={**TAGS, TAG_POWER_OFF_AFTER: "7200"}, disk_mebibytes=300) as box:
        box.boot()
        wait_until(lambda: _is_full(box), 60, "full disk")
        box.lose_host()
        box.start(uptime_seconds=7300)
        box.wait_until_off(90)
        assert "up for" in box.console()
