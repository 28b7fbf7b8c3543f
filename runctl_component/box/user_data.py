"""User data: the script that cloud-init runs at the first boot, which installs the on-box runner and starts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from runctl_component.box.runner_archive import runner_digest, runner_key

MAX_USER_DATA_BYTES = 16_384
"""Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""

_HEADER = """\
#!/bin/bash
# Installs the on-box runner and starts the training as runctl-training.service.
set -euo pipefail
export RUNCTL_ROOT=${RUNCTL_ROOT:-} PATH=$PATH:/usr/local/bin:/snap/bin
given_up() {
  echo "runctl: not set up, since line $1 failed: powering off" | tee -a "$RUNCTL_ROOT/dev/console"
  systemctl poweroff
}
trap 'given_up $LINENO' ERR
umask 077
rm -rf "$RUNCTL_ROOT/var/lib/runctl" "$RUNCTL_ROOT/run/runctl"
mkdir -p "$RUNCTL_ROOT/etc/runctl"
"""
_FOOTER = """\
systemctl daemon-reload
systemctl enable --now runctl-guard.timer
systemctl enable runctl-training.service
# Cloud-init runs this once: a host that is lost right now must not lose it.
sync
systemctl start --no-block runctl-training.service
"""


def render_user_data(
    *, command: str, environment: Mapping[str, str], run: str, bucket: str, prefix: str, region: str
) -> str:
    """The script. ``prefix`` is empty or ends with a slash.

    Only what makes it another training is in here, as changed user data means another instance: what may change while
    the training runs reaches the runner through tags (see `box_tags`). The runner itself comes from the run's bucket,
    so that it takes no room from the command.
    """
    settings = {
        "bucket": bucket,
        "prefix": prefix,
        "region": region,
        "run": run,
        "runner": runner_key(prefix),
        "runner_sha256": runner_digest(),
    }
    contents = {
        "settings.json": _json(settings),
        "environment.json": _json(environment),
        "command": command.replace("\r\n", "\n"),
    }
    written = "".join(_given(f'cat >"$RUNCTL_ROOT/etc/runctl/{name}"', content) for name, content in contents.items())
    return f"{_HEADER}{written}{_given('/usr/bin/python3 -I -', _fetch())}{_FOOTER}"


@cache
def _fetch() -> str:
    text = (files("runctl_component") / "box" / "fetch_runner.py").read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def _json(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, indent=1, sort_keys=True)


def _given(program: str, content: str) -> str:
    """Shell text that gives a text to a program as it is; no line of the text is the word that ends it."""
    end = "END"
    while end in content.split("\n"):
        end += "_"
    text = content if content.endswith("\n") else f"{content}\n"
    return f"{program} <<'{end}'\n{text}{end}\n"
