"""A box without systemd: the rendered user data and the runner that it installs, for real, in a folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor_runtime.contract.settings import Settings
from runctl_component.box.box_tags import box_tags
from runctl_component.box.runner_archive import runner_archive, runner_key
from runctl_component.box.user_data import Training, render_user_data

from .surroundings import BUCKET, Surroundings

BIN = Path(__file__).parent / "bin"
QUICK = Path(__file__).parent / "quick.py"
_SYSTEM_PYTHON = "/usr/bin/python3"
PYTHON = os.environ.get("RUNCTL_BOX_PYTHON") or (_SYSTEM_PYTHON if Path(_SYSTEM_PYTHON).exists() else sys.executable)
"""The box's own: from 3.9 on."""
PREFIX = "runs/llama ä/"
FORCE = "poweroff --force --force"
CLEAN_SIGNALS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE}
"""A service that dies of them has not failed: systemd.service(5), SuccessExitStatus=."""
SETTINGS = Settings("llama", "project/stack/monitor", BUCKET, PREFIX)


def wait_until(happened: Callable[[], bool]) -> None:
    """Other processes run in real time: look often, give up after 20 s."""
    give_up = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < give_up, "did not happen in time"
        time.sleep(0.01)


@dataclass
class Box:
    """Paths are below ``root``; ``path`` is where commands are looked up."""

    root: Path
    around: Surroundings
    path: str = f"{BIN}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    @property
    def state(self) -> Path:
        """What the runner remembers over boots."""
        return self.root / "var/lib/runctl"

    @property
    def unmarked_since(self) -> Path:
        """There while the runner cannot write its marker: since when."""
        return self.root / "run/runctl/unmarked-since"

    @property
    def log(self) -> str:
        """What the command of the last launch printed."""
        logs = sorted((self.root / "var/log/runctl").glob("*.log"))
        return logs[-1].read_text() if logs else ""

    @property
    def console(self) -> str:
        """What is seen from outside."""
        console = self.root / "dev/console"
        return console.read_text() if console.exists() else ""

    @property
    def journal(self) -> str:
        """What the last job said."""
        return (self.root / "journal").read_text()

    def first_boot(
        self,
        command: str,
        environment: dict[str, str] | None = None,
        deployed: dict[str, bytes] | None = None,
        tags: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        """Run the user data, as cloud-init does once per instance.

        ``deployed``: other objects than the runner, and ``tags``, than those of its settings. ``more``: what else a
        `Training` has.
        """
        training = Training(command, "llama", BUCKET, PREFIX, "us-east-1", environment or {}, **more)
        script = render_user_data(training)
        (self.root / "home").mkdir(parents=True, exist_ok=True)
        for folder in ("proc", "dev"):
            (self.root / folder).mkdir(exist_ok=True)
        self.up_for(60)
        self.around.tags = box_tags(SETTINGS) if tags is None else tags
        self.around.deployed = {runner_key(PREFIX): runner_archive()} if deployed is None else deployed
        if training.code:
            self.around.deployed[PREFIX + training.code.key] = Path(training.code.file.path()).read_bytes()
        quick = script.replace(_SYSTEM_PYTHON, PYTHON).replace("time.sleep(delay)", "time.sleep(delay / 1000)")
        subprocess.run(["/bin/bash", "-c", quick], env=self._environment(), check=True, timeout=120)

    def up_for(self, seconds: float) -> None:
        """Set the time since the boot."""
        (self.root / "proc/uptime").write_text(f"{seconds:.2f} 0.00\n")

    def start(self, job: str = "work", **environment: str) -> subprocess.Popen[bytes]:
        """What systemd does when it starts the unit."""
        with (self.root / "journal").open("w") as journal:
            return subprocess.Popen(
                [PYTHON, "-I", QUICK, self.root / "usr/local/lib/runctl/box", job],
                env={**self._environment(), **environment},
                cwd=self.root / "home",
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=subprocess.STDOUT,
            )

    def run(self, job: str = "work", **environment: str) -> int:
        """Start a job and await its end; returns its exit code."""
        return self.finish(self.start(job, **environment))

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """Await a job's end; returns its exit code."""
        return process.wait(timeout=120)

    def after_the_end(self, process: subprocess.Popen[bytes], result: str | None = None) -> None:
        """What systemd does when the runner has ended: it kills what is left, and calls what ``ExecStopPost=`` names.

        ``result``: the service's result, where it is another than the runner's end alone would make it.
        """
        code = self.finish(process)
        self.clean_up()
        killed_by = signal.Signals(-code) if code < 0 else None
        failed = "exit-code" if code > 0 else "signal"
        told = "success" if code == 0 or killed_by in CLEAN_SIGNALS else failed
        status = killed_by.name.removeprefix("SIG") if killed_by else str(code)
        unit = (self.root / "etc/systemd/system/runctl-training.service").read_text()
        for job in re.findall(r"^ExecStopPost=@/usr/bin/python3 runctl -I \S+/box (\w+)$", unit, re.MULTILINE):
            self.finish(self.start(job, SERVICE_RESULT=result or told, EXIT_STATUS=status))

    def asked_of_systemd(self) -> list[str]:
        """The calls of systemctl."""
        log = self.root / "systemctl.log"
        return log.read_text().splitlines() if log.exists() else []

    def systemd_refuses(self, state: str) -> None:
        """From here on, systemd carries nothing out, and tells this state of the system."""
        (self.root / "system-state").write_text(state)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": self.path,
            "HOME": str(self.root / "home"),
            "RUNCTL_ROOT": str(self.root),
            "RUNCTL_METADATA_SERVICE": self.around.url,
            "AWS_ENDPOINT_URL": self.around.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }

    def clean_up(self) -> None:
        """Leave no process behind: all that the box started bears its root in the environment."""
        mark = f"RUNCTL_ROOT={self.root}\0".encode()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (process / "environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
