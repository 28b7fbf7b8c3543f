"""Runs a command and stops it, by the runner's own modules: ``small_runner.py COMMAND-FILE TIMEOUT RESULT-FILE GROUP``.

GROUP is a folder of the control group to run in, or empty. SIGTERM stops the command, as systemd does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from runctl_component.box.runner.stopping.over import await_end
from runctl_component.box.runner.stopping.shutdown import shut_down
from runctl_component.box.runner.stopping.training_processes import Training, own_control_group

START = 'set -eo pipefail; source "$0"'


def main(command: str, timeout: str, result: str, group: str) -> None:
    """Writes the command's status, or null when it was stopped."""
    interruptions: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: interruptions.append(number))
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    if group:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    root = subprocess.Popen(["/bin/bash", "-c", START, command], stdin=subprocess.DEVNULL, start_new_session=True)
    training = Training(root.pid, own_control_group())
    status = await_end(training, root, lambda: bool(interruptions))
    if status is None:
        shut_down(training, float(timeout))
    Path(result).write_text(json.dumps({"status": status, "left": [process.name for process in training.look()]}))
    root.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
