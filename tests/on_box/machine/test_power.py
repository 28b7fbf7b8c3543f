"""A box is switched off and on, in order and not, and keeps what was on its disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.box.machine import box_machine
from sandbox.box.turns import folder_of_a_box, turn
from sandbox.box.waiting import wait_until

from .conftest import FIRST_BOOT

ROOT = Path(__file__).resolve().parents[3]
IN_THE_BACKGROUND = """
import signal
from sandbox.box.machine import box_machine
with box_machine("#!/bin/sh") as box:
    box.boot()
    print(box.leader(), flush=True)
    signal.pause()
"""


def test_user_data_runs_at_the_first_boot_and_never_again() -> None:
    with box_machine(FIRST_BOOT) as box:
        box.boot()
        box.reboot()
        box.stop()
        box.boot()
        assert box.run("cat /root/boots").stdout == "first\n"


def test_the_power_button_lets_units_end_in_order() -> None:
    with box_machine(
        "#!/bin/bash\nsystemd-run --unit=last --property=ExecStop='/bin/touch /root/ended' sleep 1d\n"
    ) as box:
        box.boot()
        box.stop()
        assert not box.is_on
        assert box.run_on_disk("ls /root").stdout == "ended\n"


def test_a_box_can_power_itself_off() -> None:
    with box_machine("#!/bin/bash\necho good-bye\nsystemctl poweroff\n") as box:
        box.start()
        box.wait_until_off()
        assert "good-bye" in box.journal("cloud-final.service")


def test_a_box_can_reboot_itself() -> None:
    with box_machine("#!/bin/bash") as box:
        box.boot()
        box.run("systemctl reboot --no-block")
        box.wait_until_booted()
        assert box.run("journalctl --list-boots --quiet | wc -l").stdout == "2\n"


def test_the_time_since_the_boot_is_that_of_the_box_and_can_be_set() -> None:
    with box_machine("#!/bin/bash") as box:
        box.boot(uptime_seconds=86_400)
        assert 86_400 <= float(box.run("cut -d ' ' -f 1 /proc/uptime").stdout) < 86_460
        box.reboot()
        assert float(box.unit("cut -d ' ' -f 1 /proc/uptime").stdout) < 60


def test_a_box_can_be_lost_as_it_boots() -> None:
    with box_machine("#!/bin/bash") as box:
        box.start()
        box.lose_host()
        box.boot()


def test_a_lost_host_loses_what_was_not_on_the_disk() -> None:
    with box_machine("#!/bin/bash") as box:
        box.boot()
        box.run("echo kept >/root/kept; sync; echo lost >/root/lost")
        box.lose_host()
        box.boot()
        assert box.run("ls /root").stdout == "kept\n"


def test_a_full_disk_is_full() -> None:
    with box_machine("#!/bin/bash", disk_mebibytes=300) as box:
        box.boot()
        box.run("head -c 400M /dev/zero >/root/large")
        assert "No space left on device" in box.run("echo more >/root/more").stderr


def test_an_image_can_have_files_besides() -> None:
    files = {"/etc/systemd/system.conf.d/box.conf": "[Manager]\nDefaultEnvironment=ODD=1\n"}
    with box_machine("#!/bin/bash", files=files) as box:
        box.boot()
        assert box.unit("echo $ODD").stdout == "1\n"


def test_a_failing_test_leaves_nothing_of_its_box() -> None:
    leaders: list[int] = []

    def fail() -> None:
        with box_machine("#!/bin/bash") as box:
            box.boot()
            leaders.append(box.leader())
            raise AssertionError("as tests do")

    with pytest.raises(AssertionError, match="as tests do"):
        fail()
    wait_until(lambda: not Path(f"/proc/{leaders[0]}").exists(), 10, "end of the box")


def test_a_killed_process_leaves_nothing_of_its_box_but_a_folder_that_the_next_one_removes() -> None:
    with subprocess.Popen([sys.executable, "-c", IN_THE_BACKGROUND], cwd=ROOT, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        leader = int(owner.stdout.readline())
        owner.kill()
    with turn(), folder_of_a_box() as folder:
        assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]
    wait_until(lambda: not Path(f"/proc/{leader}").exists(), 10, "end of the box")
