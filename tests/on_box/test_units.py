"""What systemd, cloud-init and needrestart are told: how the training lies among the other services."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor_runtime.contract.names import TRAINING_UNIT
from monitor_runtime.contract.settings import Settings
from runctl_component.box.runner.machine import units
from runctl_component.box.runner_archive import SOURCES

from .box import BIN

TRAINING = (SOURCES / TRAINING_UNIT).read_text()


def values(name: str, text: str = TRAINING) -> list[str]:
    """Of a setting of a unit, word by word."""
    return [word for line in re.findall(rf"^{name}=(.*)$", text, re.MULTILINE) for word in line.split()]


@pytest.mark.parametrize(
    "service",
    [
        "network-online.target",
        "remote-fs.target",
        "docker.service",
        "containerd.service",
        "nvidia-persistenced.service",
        "nvidia-fabricmanager.service",
    ],
)
def test_the_training_starts_after_what_it_may_need_and_ends_before_it(service: str) -> None:
    assert service in values("After")


def test_another_unit_is_put_behind_the_training_until_the_next_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "_CHANGES", str(tmp_path))
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    monkeypatch.setenv("RUNCTL_ROOT", str(tmp_path))
    units.stop_after(TRAINING_UNIT, {"session-c1.scope"})
    assert values("Before", (tmp_path / "session-c1.scope.d/runctl.conf").read_text()) == [TRAINING_UNIT]
    assert (tmp_path / "systemctl.log").read_text() == "daemon-reload\n"


def test_the_training_draws_in_nothing_but_the_network() -> None:
    assert values("(?:Wants|Requires|BindsTo|Requisite)") == ["network-online.target"]


def test_the_training_does_not_wait_for_cloud_init_which_starts_it() -> None:
    assert not [word for word in values("After") if word.startswith("cloud-")]


def test_systemd_leaves_the_signals_to_the_runner_and_the_time_that_the_longest_shutdown_takes() -> None:
    longest = 600
    Settings("a", "b", "c", "d/", shutdown_timeout_seconds=longest)
    assert values("KillMode") == ["mixed"]
    assert int(values("TimeoutStopSec")[0]) >= longest + 2 * 60


def test_the_limits_are_those_of_a_training() -> None:
    limits = {name: values(name) for name in ("LimitMEMLOCK", "LimitNOFILE", "LimitNPROC", "TasksMax")}
    assert limits == {
        "LimitMEMLOCK": ["infinity"],
        "LimitNOFILE": ["1048576"],
        "LimitNPROC": ["infinity"],
        "TasksMax": ["infinity"],
    }


def test_needrestart_is_told_to_leave_the_units_alone(tmp_path: Path) -> None:
    text = (SOURCES / "needrestart.conf").read_text()
    assert text.endswith("\n$nrconf{override_rc}{qr(^runctl-)} = 0;\n")
    perl = shutil.which("perl")
    if perl is None:
        pytest.skip("needs perl")
    program = tmp_path / "read.pl"
    program.write_text(
        f"my %nrconf;\n{text}my ($re) = keys %{{$nrconf{{override_rc}}}};\nprint '{TRAINING_UNIT}' =~ /$re/;\n"
    )
    done = subprocess.run([perl, program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "1"
