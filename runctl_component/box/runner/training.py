"""The command: how it is started, who passes SIGTERM on to it, and how it ended."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from typing import NamedTuple

from .machine.tags import Tags
from .machine.units import stop_after
from .machine.waiting import Interruption
from .report.log import Log, LogReader
from .stopping.over import await_end
from .stopping.shutdown import shut_down
from .stopping.training_processes import UNIT, Training, own_control_group

_DEFAULT_TIMEOUT_SECONDS = 120
_DRAIN_SECONDS = 10
LAUNCHER = """\
while IFS= read -r -d '' RUNCTL_VARIABLE; do export -- "$RUNCTL_VARIABLE"; done <&{0}
exec {0}<&-
unset RUNCTL_VARIABLE
set -eo pipefail
source "$0"
"""
"""Run by a login shell, so after the profile: what was declared outweighs what the profile sets, and is data."""


class End(NamedTuple):
    """How the command ended."""

    status: int | None
    """Its exit status, negative when it died of a signal; None when it was interrupted."""
    began: bool
    """Whether the login profile let the command run at all."""


def run(path: str, environment: dict[str, str], log: Log, tags: Tags, interrupted: Interruption) -> End:
    """Run the command in a file until the training is over."""
    declared = written_variables(environment)
    reader = LogReader(log)
    root = subprocess.Popen(
        ["/bin/bash", "-l", "-c", LAUNCHER.format(declared), path],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=reader.into,
        stderr=reader.into,
        pass_fds=[declared],
        start_new_session=True,
    )
    os.close(reader.into)
    training = Training(root.pid, own_control_group(), partial(stop_after, UNIT))
    status = await_end(training, root, interrupted)
    if status is None:
        tags.refresh()
        shut_down(training, tags.seconds("shutdown-timeout-seconds") or _DEFAULT_TIMEOUT_SECONDS)
    reader.finish(_DRAIN_SECONDS)
    return End(status, status is None or not os.read(declared, 1))


def written_variables(environment: dict[str, str]) -> int:
    """A file in memory, from which the launcher reads them: secrets are never on the disk."""
    file = os.memfd_create("variables")
    content = memoryview("".join(f"{name}={value}\0" for name, value in environment.items()).encode())
    while content:
        content = content[os.write(file, content) :]
    os.lseek(file, 0, os.SEEK_SET)
    return file
