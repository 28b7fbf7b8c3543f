"""When the guard itself does not run, as with a broken Python: a few lines of Bash after its end."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from .box import BIN, FORCE, Box

LIMIT = 24 * 3600 + 20 * 60


def look(box: Box) -> bool:
    """Run what systemd calls when the guard has ended; whether the box powers off."""
    unit = (box.root / "etc/systemd/system/runctl-guard.service").read_text()
    (path,) = re.findall(r"^ExecStopPost=/bin/bash /(\S+)$", unit, re.MULTILINE)
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "RUNCTL_ROOT": str(box.root)}
    done = subprocess.run(["/bin/bash", box.root / path], env=environment, capture_output=True, check=True, timeout=120)
    assert done.stderr == b""
    return box.asked_of_systemd()[-1] == "poweroff"


@pytest.mark.parametrize(("up_for", "expected"), [(LIMIT - 1, False), (LIMIT, True)])
def test_it_powers_off_when_the_guard_would_have(box: Box, up_for: int, expected: bool) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    box.up_for(up_for)
    assert look(box) is expected


@pytest.mark.parametrize(("state", "expected"), [("stopping", False), ("running", True), ("", True)])
def test_it_uses_force_where_the_box_does_not_go_down_already(box: Box, state: str, expected: bool) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    box.up_for(LIMIT)
    box.systemd_refuses(state)
    look(box)
    assert (FORCE in box.asked_of_systemd()) is expected


def test_it_knows_the_limit_after_another_boot(box: Box) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    (box.root / "run/runctl/power-off-at").unlink()
    box.up_for(LIMIT)
    assert look(box)


def test_it_waits_for_a_hold_that_the_guard_has_seen(box: Box) -> None:
    box.first_boot("true")
    box.up_for(LIMIT - 60)
    box.around.tags["runctl:hold-until"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    box.run("guard", QUICK="once")
    box.up_for(LIMIT)
    assert not look(box)


@pytest.mark.parametrize("tags", [True, False])
def test_without_a_limit_it_does_nothing(box: Box, tags: bool) -> None:
    box.first_boot("true")
    del box.around.tags["runctl:power-off-after-seconds"]
    if tags:
        box.run("guard", QUICK="once")
    box.up_for(10**8)
    assert not look(box)


def test_a_limit_that_was_taken_away_is_forgotten(box: Box) -> None:
    box.first_boot("true")
    box.run("guard", QUICK="once")
    del box.around.tags["runctl:power-off-after-seconds"]
    box.run("guard", QUICK="once")
    box.up_for(10**8)
    assert not look(box)
