"""The hardware of a box: a container with a disk, which is switched on, loses its power, and is switched on again."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sandbox.box.root import Root
from sandbox.box.waiting import wait_until

_POWER_ON = Path(__file__).parent / "power_on.sh"
_MOUNT_DISK = Path(__file__).parent / "mount_disk.sh"
_NSPAWN = (
    "--quiet --boot --machine=box --register=no --keep-unit --network-namespace-path=/proc/self/ns/net"
    " --resolv-conf=off --timezone=off --link-journal=no --console=read-only"
)
"""Without systemd of this machine, if there is one; in control groups and a network that are there already."""
_POWER_BUTTON = 4
"""Above SIGRTMIN, as systemd has it: https://www.freedesktop.org/software/systemd/man/latest/systemd.html#Signals."""
_RESTART_BUTTON = 5
_ENDED_WITHIN_SECONDS = 10


class Container:
    """A systemd-nspawn. ``folder`` holds the disk, the console and the points where things are mounted."""

    def __init__(self, root: Root, folder: Path, network: str, groups: list[Path]) -> None:
        self._root = root
        self._folder = folder
        self._network = network
        self._groups = groups
        self._process: subprocess.Popen[bytes] | None = None
        self._disk = folder / "disk.xfs"

    def make_disk(self, mebibytes: int) -> None:
        """An empty one, with XFS as on Amazon Linux; it takes no more room here than what is written to it."""
        with self._disk.open("wb") as disk:
            disk.truncate(mebibytes * 2**20)
        self._call(*self._root.program("mkfs.xfs"), "-q", str(self._disk))
        for name in ("disk", "merged", "files"):
            (self._folder / name).mkdir(exist_ok=True)

    @property
    def is_on(self) -> bool:
        """Whether it has power."""
        return self._process is not None and self._process.poll() is None

    @property
    def console_file(self) -> Path:
        """What was printed to the console since it exists."""
        return self._folder / "console"

    def switch_on(self, uptime_seconds: int) -> None:
        """Begin to boot, with so much time since boot on the clock.

        Raises:
            RuntimeError: when it is on.
        """
        if self.is_on:
            raise RuntimeError("the box is on")
        nspawn = [*self._root.program("systemd-nspawn"), "--directory", str(self._folder / "merged"), *_NSPAWN.split()]
        command = [
            *("setpriv", "--pdeathsig", "KILL", "nsenter", f"--net={self._network}"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *self._with_disk("sh", str(_POWER_ON), str(uptime_seconds), *map(str, self._groups), "--", *nspawn),
        ]
        with self.console_file.open("ab") as console:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
            )

    def press_power_button(self) -> None:
        """Ask its systemd to power off."""
        os.kill(self.leader(), signal.SIGRTMIN + _POWER_BUTTON)

    def press_restart_button(self) -> None:
        """Ask its systemd to reboot."""
        os.kill(self.leader(), signal.SIGRTMIN + _RESTART_BUTTON)

    def cut_power(self) -> None:
        """What is on the disk stays; what was written and not yet synchronised is lost."""
        if self._process is None:
            return
        if self.is_on:
            with suppress(ProcessLookupError):
                self._forget_unwritten(self._script())
            self._process.kill()
        self._process.wait()
        self._await_release()

    def await_off(self, seconds: float) -> int:
        """Wait until it has switched itself off, and its disk could be mounted again; returns nspawn's exit code.

        Raises:
            TimeoutError: when it has not.
        """
        process = self._process
        if process is None:
            raise RuntimeError("the box was never switched on")
        wait_until(lambda: process.poll() is not None, seconds, "power-off")
        self._await_release()
        return process.wait()

    def leader(self) -> int:
        """The process that is number 1 in the container.

        Raises:
            ProcessLookupError: when there is none, as before the boot and in the middle of a reboot.
        """
        started = [child for nspawn in _children(self._script()) for child in _children(nspawn)]
        return _only(child for child in started if _numbers(child)[2:] == [1])

    def command_inside(self, *command: str) -> list[str]:
        """The command that runs another in the container."""
        inside = ("--mount", "--uts", "--ipc", "--net", "--pid", "--time", "--root", "--wd")
        return ["nsenter", "--target", str(self.leader()), *inside, *command]

    def run_on_disk(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in what is on the disk, while the box is off.

        Raises:
            RuntimeError: when it is on.
        """
        if self.is_on:
            raise RuntimeError("the box is on")
        inside = self._with_disk("chroot", str(self._folder / "merged"), "/bin/sh", "-c", command)
        alone = ["unshare", "--mount", *inside]
        return subprocess.run(  # noqa: S603
            alone, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
        )

    def _with_disk(self, *command: str) -> list[str]:
        return ["sh", str(_MOUNT_DISK), str(self._folder), self._root.lower_folders, *command]

    def _forget_unwritten(self, script: int) -> None:
        """Shut the file system down as it is, if it is mounted: where it is not, this would hit that of the host."""
        disk = str(self._folder / "disk")
        shut_down = shlex.join([*self._root.program("xfs_io"), "-x", "-c", "shutdown", disk])
        command = f"mountpoint --quiet {shlex.quote(disk)} && {shut_down}"
        self._call("nsenter", "--target", str(script), "--mount", "sh", "-c", command, check=False)

    def _script(self) -> int:
        """The first process in the namespaces, which has mounted the disk."""
        return _only(_children(self._process.pid) if self._process else ())

    def _await_release(self) -> None:
        """The mounts go with the namespace, a moment after its last process."""
        wait_until(lambda: not self._is_attached(), _ENDED_WITHIN_SECONDS, "release of the disk")

    def _is_attached(self) -> bool:
        return bool(self._call("losetup", "--associated", str(self._disk)))

    def _call(self, *command: str, check: bool = True) -> str:
        return subprocess.run(command, check=check, capture_output=True, text=True, timeout=120).stdout  # noqa: S603


def _only(processes: Iterable[int]) -> int:
    found = next(iter(processes), None)
    if found is None:
        raise ProcessLookupError("the box is off, or about to start")
    return found


def _children(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _numbers(process: int) -> list[int]:
    """Of a process in its namespaces, from the outermost on."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return []
    numbers = re.search(r"^NSpid:\s+(.*)$", text, re.MULTILINE)
    return [int(number) for number in numbers[1].split()] if numbers else []
