"""User data: the script that cloud-init runs at the first boot, which installs the on-box runner and starts it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files

from monitor_runtime.contract.deadline import BOX_DELAY
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.patterns import matches
from monitor_runtime.contract.settings import Settings

MAX_USER_DATA_BYTES = 16_384
"""Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""

TAG_SUCCESS_MARKER = "runctl:success-marker"
TAG_FAILURE_MARKER = "runctl:failure-marker"
TAG_SHUTDOWN_TIMEOUT = "runctl:shutdown-timeout-seconds"
TAG_POWER_OFF_AFTER = "runctl:power-off-after-seconds"
"""Since boot; absent when the box must not end the run by itself."""
TAG_POWER_OFF_UNMARKED = "runctl:power-off-unmarked-seconds"
"""How long the box tries in vain to write its marker; absent when it must not give up."""
UNMARKED_SECONDS = 3600

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
    the training runs reaches the box through its tags (see `box_tags`).
    """
    told = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "PYTHONUNBUFFERED": "1",
        "RUNCTL_OUTPUT_URI": f"s3://{bucket}/{prefix}".rstrip("/"),
        "RUNCTL_RUN": run,
    }
    settings = {"AWS_DEFAULT_REGION": region, "RUNCTL_BUCKET": bucket, "RUNCTL_PREFIX": prefix}
    contents = {
        "/etc/runctl/settings": _exports(settings),
        "/etc/runctl/environment": _exports({**told, **environment}),
        "/etc/runctl/command": command,
        **{path: _runner_file(name) for name, path in _INSTALLED.items()},
    }
    return _HEADER + "".join(_written(path, content) for path, content in contents.items()) + _FOOTER


def box_tags(settings: Settings, *, powers_off_unmarked: bool = True) -> dict[str, str]:
    """Tags of the instance by which its runner knows the settings that may change while the training runs.

    The box reads them through the instance metadata service, so ``instance_metadata_tags`` must be enabled.
    ``powers_off_unmarked``: whether it may give up on a marker that it cannot write.
    """
    tags = {
        TAG_SUCCESS_MARKER: written_marker(settings.markers, "training_complete.txt"),
        TAG_FAILURE_MARKER: written_marker(settings.failure_markers, "training_failed.txt"),
        TAG_SHUTDOWN_TIMEOUT: str(settings.shutdown_timeout_seconds),
    }
    if settings.max_runtime_hours and settings.on_deadline is not Action.REPORT:
        seconds = settings.max_runtime_hours * 3600 + BOX_DELAY.total_seconds()
        tags[TAG_POWER_OFF_AFTER] = str(round(seconds))
    if powers_off_unmarked:
        tags[TAG_POWER_OFF_UNMARKED] = str(UNMARKED_SECONDS)
    return tags


def written_marker(names: Sequence[str], default: str) -> str:
    """The marker that the box writes: the first name without a wildcard, else one that the names match.

    Without any name nobody looks for it: then the default tells people how the training ended.
    """
    plain = [name for name in names if not set(name) & set("*?[")]
    made_up = [re.sub(r"\[(.)[^]]*\]", r"\1", name).replace("?", "x").replace("*", "run") for name in names]
    matched = [name for name in (default, *made_up) if any(matches(pattern, name) for pattern in names)]
    return next(iter([*plain, *matched, default]))


def _runner_file(name: str) -> str:
    """Without its comments, which would take room from the command."""
    text = (files("runctl_component") / "runner" / name).read_text(encoding="utf-8").replace("\r\n", "\n")
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
