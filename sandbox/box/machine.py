"""A box as on EC2: it boots from an image with cloud-init, and sees its metadata service and S3."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from moto import mock_aws

from sandbox.box.container import Container
from sandbox.box.control_groups import control_groups
from sandbox.box.metadata import MetadataService
from sandbox.box.network import network
from sandbox.box.object_store import ObjectStore
from sandbox.box.root import require_root
from sandbox.box.service import served
from sandbox.box.turns import folder_of_a_box, turn
from sandbox.box.waiting import wait_until

BUCKET = "outputs"
INSTANCE_ID = "i-0123456789abcdef0"
_BOOTED_WITHIN_SECONDS = 60.0
_LAST_WORDS = 2_000


class Box:
    """An instance. ``metadata`` and ``s3`` are what surrounds it: tests set them up, make them fail, and look at them.

    Commands run as root. Whatever still runs when `box_machine` is left, is ended.
    """

    def __init__(self, container: Container, metadata: MetadataService, s3: ObjectStore) -> None:
        self.metadata = metadata
        self.s3 = s3
        self._container = container
        self._boot_ids: set[str] = set()

    @property
    def is_on(self) -> bool:
        """Whether it has power."""
        return self._container.is_on

    def leader(self) -> int:
        """The number that its first process has outside.

        Raises:
            ProcessLookupError: when there is none, as in the middle of a reboot.
        """
        return self._container.leader()

    def start(self, *, uptime_seconds: int = 0) -> None:
        """Begin to boot: for the first time as a launch, later as the start of a stopped instance.

        ``uptime_seconds``: how long ago the boot seems to have been, in ``/proc/uptime``; a reboot begins anew.
        """
        self._container.switch_on(uptime_seconds)

    def boot(self, seconds: float = _BOOTED_WITHIN_SECONDS, *, uptime_seconds: int = 0) -> None:
        """Start, and wait until cloud-init has done all that it does at a boot, user data included.

        Raises:
            TimeoutError: when that takes longer; with the end of the console.
        """
        self.start(uptime_seconds=uptime_seconds)
        self.wait_until_booted(seconds)

    def wait_until_booted(self, seconds: float = _BOOTED_WITHIN_SECONDS) -> None:
        """Wait for the end of cloud-init in a boot that nobody has waited for yet.

        Raises:
            TimeoutError: when that takes longer, or the box is off; with the end of the console.
        """
        try:
            wait_until(self._has_booted, seconds, "end of cloud-init")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; the console ends with:\n{self.console()[-_LAST_WORDS:]}") from error

    def run(self, command: str, *, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a shell command at once, in no unit: what Systems Manager's agent would do.

        Raises:
            ProcessLookupError: when the box is off.
            subprocess.TimeoutExpired: when it takes longer.
        """
        inside = self._container.command_inside("/usr/bin/env", "-i", *_LOGIN, "/bin/sh", "-c", command)
        return subprocess.run(  # noqa: S603
            inside, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds
        )

    def unit(self, command: str, *properties: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a shell command as a transient service and await its end. ``properties`` as in a unit file."""
        options = [f"--property={each}" for each in properties]
        transient = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", *options, "/bin/bash", "-c", command]
        return self.run(shlex.join(transient), seconds=seconds)

    def power_off(self) -> None:
        """Press the power button, as EC2 does at first when it stops an instance or terminates it."""
        self._container.press_power_button()

    def wait_until_off(self, seconds: float = 30) -> None:
        """Wait until it has powered off, for whatever reason.

        Raises:
            TimeoutError: when it has not.
        """
        try:
            self._container.await_off(seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; the console ends with:\n{self.console()[-_LAST_WORDS:]}") from error

    def stop(self, seconds: float = 30) -> None:
        """Press the power button, and wait until it is off."""
        self.power_off()
        self.wait_until_off(seconds)

    def reboot(self, seconds: float = _BOOTED_WITHIN_SECONDS) -> None:
        """An orderly reboot, up to the end of cloud-init."""
        self._container.press_restart_button()
        self.wait_until_booted(seconds)

    def lose_host(self) -> None:
        """The power is gone: nothing is told, and what was not synchronised to the disk is lost."""
        self._container.cut_power()

    def console(self) -> str:
        """What all boots have printed to the console."""
        file = self._container.console_file
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def journal(self, unit: str) -> str:
        """What a unit has printed, in all boots, and what systemd says of it; also after the box went off."""
        command = f"journalctl --no-pager --output=cat --unit={shlex.quote(unit)}"
        return (self.run(command) if self.is_on else self.run_on_disk(command)).stdout

    def run_on_disk(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in what is on the disk of a box that is off.

        Raises:
            RuntimeError: when it is on.
        """
        return self._container.run_on_disk(command)

    def objects(self) -> dict[str, bytes]:
        """What is in the bucket: bodies by key."""
        return self.s3.objects()

    def object(self, key: str) -> bytes:
        """The body of an object."""
        return self.s3.object(key)

    def _has_booted(self) -> bool:
        try:
            inside = Path(f"/proc/{self._container.leader()}/root")
            boot_id = (inside / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
            booted = boot_id not in self._boot_ids and (inside / "run/cloud-init/result.json").exists()
        except OSError:
            return False
        if booted:
            self._boot_ids.add(boot_id)
        return booted


_LOGIN = ("HOME=/root", "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


@contextmanager
def box_machine(
    user_data: str,
    *,
    tags: Mapping[str, str] | None = None,
    bucket: str = BUCKET,
    instance_id: str = INSTANCE_ID,
    disk_mebibytes: int = 2048,
    files: Mapping[str, str] | None = None,
    torch: bool = False,
    frameworks: bool = False,
) -> Generator[Box]:
    """A box that is off, and was never on. At the end nothing of it is left, whatever happened.

    The bucket is empty, unless `moto.mock_aws` was on before, and boto3 in this process sees it. ``disk_mebibytes``: at
    least 300, below which there is no XFS. ``files``: what the image has besides, texts by absolute path, of which
    those with ``#!`` are programs. ``torch``: whether the image has PyTorch; ``frameworks``: as an environment in
    ``/opt/pytorch`` that has Hugging Face's libraries and Lightning, too.

    Raises:
        NoBoxError: when there can be none here, or ``make box`` has not been called.
    """
    root = require_root(torch=torch, frameworks=frameworks)
    with turn(), folder_of_a_box() as folder, control_groups(folder.name) as groups, mock_aws(), network(root) as net:
        metadata = MetadataService(instance_id=instance_id, user_data=user_data, tags=tags or {})
        store = ObjectStore(bucket)
        container = Container(root, folder, net.path, groups)
        container.make_disk(disk_mebibytes)
        for path, text in (files or {}).items():
            placed = folder / "files" / path.lstrip("/")
            placed.parent.mkdir(parents=True, exist_ok=True)
            placed.write_text(text, encoding="utf-8")
            placed.chmod(0o755 if text.startswith("#!") else 0o644)
        with served(metadata, net.metadata), served(store, net.store):
            try:
                yield Box(container, metadata, store)
            finally:
                container.cut_power()
