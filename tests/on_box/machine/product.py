"""A box with the product's own user data, and the runner where that fetches it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from monitor_runtime.contract.settings import Settings
from runctl_component.box.box_tags import box_tags
from runctl_component.box.runner_archive import runner_archive, runner_key
from runctl_component.box.user_data import render_user_data
from sandbox.box.machine import BUCKET, Box, box_machine
from sandbox.box.object_store import REGION
from sandbox.box.waiting import wait_until

PREFIX = "runs/llama/"
SUCCEEDED = f"{PREFIX}training_complete.txt"
FAILED = f"{PREFIX}training_failed.txt"
TAGS = box_tags(Settings("llama", "project/stack/monitor", BUCKET, PREFIX))


@contextmanager
def product_box(
    command: str,
    environment: Mapping[str, str] | None = None,
    *,
    tags: Mapping[str, str] = TAGS,
    files: Mapping[str, str] | None = None,
    disk_mebibytes: int = 2048,
    torch: bool = False,
) -> Generator[Box]:
    """One that is off, and will run the command at its first boot."""
    script = render_user_data(
        command=command, environment=environment or {}, run="llama", bucket=BUCKET, prefix=PREFIX, region=REGION
    )
    with box_machine(script, tags=tags, files=files, disk_mebibytes=disk_mebibytes, torch=torch) as box:
        box.s3.put(runner_key(PREFIX), runner_archive())
        yield box


def await_marker(box: Box, key: str = SUCCEEDED) -> None:
    """Wait until the box has told how its training ended."""
    wait_until(lambda: key in box.objects(), 40, key)


def train_anew(box: Box, command: str) -> None:
    """Have the runner of a box begin with another command, as if there had been none before."""
    box.run("systemctl stop runctl-training; rm -rf /var/lib/runctl /run/runctl/*")
    box.s3.remove(SUCCEEDED, FAILED)
    box.run(f"cat >/etc/runctl/command <<'COMMAND'\n{command}\nCOMMAND\nsystemctl start --no-block runctl-training")
