"""User data: the script that cloud-init runs at the first boot, which installs the on-box runner and starts it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from runctl_component.box.packing import packed_runner

MAX_USER_DATA_BYTES = 16_384
"""Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""


_HEADER = """\
#!/bin/bash
# Installs the on-box runner and starts the training as runctl-training.service.
set -euo pipefail
root=${RUNCTL_ROOT:-}
given_up() {
  echo "runctl: not set up, since line $1 failed: powering off" | tee "$root/dev/console"
  systemctl poweroff
}
trap 'given_up $LINENO' ERR
umask 077
rm -rf "$root/var/lib/runctl" "$root/run/runctl"
mkdir -p "$root/etc/runctl"
"""
_UNPACK = """\
# The runner, made of runctl_component/box/runner: the path of a file, the file, and so on.
RUNCTL_ROOT=$root /usr/bin/python3 -I -c '
import base64, lzma, os, sys
parts = lzma.decompress(base64.b85decode(sys.stdin.read().replace("\\n", ""))).decode().split("\\0")
for path, text in zip(parts[::2], parts[1::2]):
    path = os.environ["RUNCTL_ROOT"] + path
    os.makedirs(os.path.dirname(path), 0o755, True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)
' <<'END'
"""
_FOOTER = """\
END
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
    contents = {
        "settings.json": _json({"bucket": bucket, "prefix": prefix, "region": region, "run": run}),
        "environment.json": _json(environment),
        "command": command.replace("\r\n", "\n"),
    }
    written = "".join(_written(f"/etc/runctl/{name}", content) for name, content in contents.items())
    return f"{_HEADER}{written}{_UNPACK}{packed_runner()}{_FOOTER}"


def _json(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, indent=1, sort_keys=True)


def _written(path: str, content: str) -> str:
    """Shell text that writes a file as it is; the word that ends it occurs on no line of its own in the content."""
    end = "END"
    while end in content.split("\n"):
        end += "_"
    text = content if content.endswith("\n") else f"{content}\n"
    return f"cat >\"$root{path}\" <<'{end}'\n{text}{end}\n"
