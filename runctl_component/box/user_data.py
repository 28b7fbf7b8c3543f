"""User data: the script that cloud-init runs at the first boot, which installs the on-box runner and starts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from runctl_component.box.code_folder import Code

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


@dataclass(frozen=True, slots=True)
class Training:
    """What the runner runs, and where.

    ``prefix`` is empty or ends with a slash. ``secrets`` are ARNs by variable. ``encryption`` is the method that
    uploads name, and ``encryption_key`` the ARN of the key; both empty: none.
    """

    command: str
    run: str
    bucket: str
    prefix: str
    region: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    code: Code | None = None
    encryption: str = ""
    encryption_key: str = ""


def render_user_data(training: Training) -> str:
    """The script.

    Only what makes it another training is in here, as changed user data means another instance: what may change while
    the training runs reaches the runner through tags (see `box_tags`). The runner itself comes from the run's bucket,
    so that it takes no room from the command.
    """
    contents = {
        "settings.json": _json(_settings(training)),
        "environment.json": _json(training.environment),
        "command": training.command.replace("\r\n", "\n"),
    }
    written = "".join(_given(f'cat >"$RUNCTL_ROOT/etc/runctl/{name}"', content) for name, content in contents.items())
    return f"{_HEADER}{written}{_given('/usr/bin/python3 -I -', _fetch())}{_FOOTER}"


@cache
def _fetch() -> str:
    text = (files("runctl_component") / "box" / "fetch_runner.py").read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def _settings(training: Training) -> dict[str, Any]:
    """What the runner reads; without what was not asked for."""
    encryption = {"method": training.encryption, "key": training.encryption_key}
    return {
        "bucket": training.bucket,
        "prefix": training.prefix,
        "region": training.region,
        "run": training.run,
        **({"code": training.code.key, "code_sha256": training.code.sha256} if training.code else {}),
        **({"secrets": dict(training.secrets)} if training.secrets else {}),
        **({"encryption": encryption} if training.encryption else {}),
    }


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, indent=1, sort_keys=True)


def _given(program: str, content: str) -> str:
    """Shell text that gives a text to a program as it is; no line of the text is the word that ends it."""
    end = "END"
    while end in content.split("\n"):
        end += "_"
    text = content if content.endswith("\n") else f"{content}\n"
    return f"{program} <<'{end}'\n{text}{end}\n"
