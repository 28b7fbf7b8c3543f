"""A box with the product's own user data, and the runner where that fetches it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor_runtime.contract.settings import Settings
from runctl_component.box.box_tags import box_tags
from runctl_component.box.runner_archive import runner_archive, runner_key
from runctl_component.box.user_data import Training, render_user_data
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
    **more: Any,
) -> Generator[Box]:
    """One that is off, and will run the command at its first boot. ``more``: what else a `Training` has."""
    training = Training(command, "llama", BUCKET, PREFIX, REGION, environment or {}, **more)
    script = render_user_data(training)
    with box_machine(script, tags=tags, files=files, disk_mebibytes=disk_mebibytes, torch=torch) as box:
        box.s3.put(runner_key(PREFIX), runner_archive())
        if training.code:
            box.s3.put(PREFIX + training.code.key, Path(training.code.file.path()).read_bytes())
        yield box


def await_marker(box: Box, key: str = SUCCEEDED, seconds: float = 40) -> None:
    """Wait until the box has told how its training ended."""
    wait_until(lambda: key in box.s3.list_keys(), seconds, key)


def train_anew(box: Box, command: str) -> None:
    """Have the runner of a box begin with another command, as if there had been none before."""
    # systemd starts a unit five times in ten seconds and no more, unless it is told to forget the starts.
    box.run("systemctl stop runctl-training; systemctl reset-failed runctl-training")
    box.run("rm -rf /var/lib/runctl /run/runctl/*")
    box.s3.remove(SUCCEEDED, FAILED)
    box.run(f"cat >/etc/runctl/command <<'COMMAND'\n{command}\nCOMMAND\nsystemctl start --no-block runctl-training")
