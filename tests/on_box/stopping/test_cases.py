"""Every case for real, by the runner's own modules and this machine's processes, without systemd."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ..box import wait_until
from .cases import CASES, PROGRAMS, Case, environment

HERE = Path(__file__).parent
RUNNER = HERE.parents[2] / "runctl_component/box/runner"
OLDEST = next(iter(Path.home().glob(".pyenv/versions/3.9.*/bin/python3.9")), Path(sys.executable))
"""Amazon Linux 2023 has Python 3.9."""
HIERARCHY = next(path for path in (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup")) if path.exists())


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner without the component around it, which needs what is not on a box."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(RUNNER, folder / "runctl_component/box/runner", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def group() -> Iterator[Path | None]:
    """A control group with the name of the unit's; None where there may be none."""
    outer = HIERARCHY / f"runctl-test-{uuid.uuid4().hex}"
    inner = outer / "runctl-training.service"
    try:
        inner.mkdir(parents=True)
    except OSError:
        yield None
        return
    yield inner
    wait_until(lambda: not _killed(inner))
    inner.rmdir()
    outer.rmdir()


def _killed(group: Path) -> list[str]:
    members = (group / "cgroup.procs").read_text().split()
    for pid in members:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    return members


def _skip_unless_possible(case: Case, group: Path | None) -> None:
    if case.needs == "group":
        if group is None:
            pytest.skip("no control group can be made here")
    elif case.needs == "systemd":
        pytest.skip("this runs without systemd")
    elif not shutil.which(case.needs) or (case.needs == "su" and os.getuid() != 0):
        pytest.skip(f"{case.needs} cannot be used here")


def _events(folder: Path) -> list[str]:
    events = folder / "events"
    return events.read_text().splitlines() if events.exists() else []


def _start(case: Case, folder: Path, installed: Path, group: Path | None) -> subprocess.Popen[bytes]:
    (folder / "home").mkdir()
    (folder / "command").write_text(case.command)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    arguments = [str(folder / "command"), str(case.timeout_seconds), str(folder / "result"), str(group or "")]
    with (folder / "output").open("w") as output:
        return subprocess.Popen(
            [OLDEST, HERE / "small_runner.py", *arguments],
            env={"PATH": path, "PYTHONPATH": str(installed), **environment(str(PROGRAMS))},
            cwd=folder / "home",
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_program_sees_what_it_has_to(case: Case, tmp_path: Path, installed: Path, group: Path | None) -> None:
    _skip_unless_possible(case, group)
    runner = _start(case, tmp_path, installed, group)
    home = tmp_path / "home"
    if case.status is None:
        wait_until(lambda: sum(line.endswith(" started") for line in _events(home)) >= case.started)
        time.sleep(0.2)
        runner.terminate()
    runner.wait(timeout=60)
    result = json.loads((tmp_path / "result").read_text())
    seen = [line for line in _events(home) if not line.endswith(" started")]
    order = sorted if case.in_any_order else list
    output = (tmp_path / "output").read_text()
    assert (result, order(seen)) == ({"status": case.status, "left": []}, order(case.seen)), output[-2000:]
