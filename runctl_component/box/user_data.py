"""User data: the script that cloud-init runs at the first boot, which installs the on-box runner and starts it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

MAX_USER_DATA_BYTES = 16_384
"""Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""


_INSTALLED = {
    "runner.sh": "/usr/local/bin/runctl-runner",
    "runctl-training.service": "/etc/systemd/system/runctl-training.service",
    "runctl-guard.service": "/etc/systemd/system/runctl-guard.service",
    "runctl-guard.timer": "/etc/systemd/system/runctl-guard.timer",
}
_HEADER = """\
#!/bin/bash
# Installs the on-box runner and starts the training as runctl-training.service.
set -euo pipefail
root=${RUNCTL_ROOT:-}
umask 077
rm -rf "$root/var/lib/runctl"
mkdir -p "$root/etc/runctl" "$root/etc/systemd/system" "$root/usr/local/bin"
"""
_FOOTER = """\
chmod 755 "$root/usr/local/bin/runctl-runner"
chmod 644 "$root"/etc/systemd/system/runctl-*
systemctl daemon-reload
systemctl enable --now runctl-guard.timer
systemctl enable runctl-training.service
systemctl start --no-block runctl-training.service
"""


def render_user_data(
    *, command: str, environment: Mapping[str, str], run: str, bucket: str, prefix: str, region: str
) -> str:
    """The script. ``prefix`` is empty or ends with a slash.

    Only what makes it another training is in here, as changed user data means another instance: what may change while
    the training runs reaches the runner through tags (see `box_tags`).
    """
    standard = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "PYTHONUNBUFFERED": "1",
        "RUNCTL_OUTPUT_URI": f"s3://{bucket}/{prefix}".rstrip("/"),
        "RUNCTL_RUN": run,
    }
    settings = {"AWS_DEFAULT_REGION": region, "RUNCTL_BUCKET": bucket, "RUNCTL_PREFIX": prefix}
    contents = {
        "/etc/runctl/settings": _exports(settings),
        "/etc/runctl/environment": _exports({**standard, **environment}),
        "/etc/runctl/command": command,
        **{path: _runner_file(name) for name, path in _INSTALLED.items()},
    }
    return _HEADER + "".join(_written(path, content) for path, content in contents.items()) + _FOOTER


@cache
def _runner_file(name: str) -> str:
    """Without its comments, which would take room from the command."""
    text = (files("runctl_component") / "box" / "runner" / name).read_text(encoding="utf-8").replace("\r\n", "\n")
    return re.sub(r"(?m)^ *# .*\n", "", text)


def _exports(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))


def _written(path: str, content: str) -> str:
    """Shell text that writes a file as it is; the word that ends it occurs on no line of its own in the content."""
    end = "END"
    while end in content.split("\n"):
        end += "_"
    text = content if content.endswith("\n") else f"{content}\n"
    return f"cat >\"$root{path}\" <<'{end}'\n{text}{end}\n"
