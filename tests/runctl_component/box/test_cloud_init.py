from __future__ import annotations

import gzip
from base64 import b64encode

import pytest

from runctl_component.args.run_rules import RUN_RULES
from runctl_component.box.cloud_init import BEGINNINGS, why_not_run

SCRIPT = "#!/bin/bash\npython train.py\n"
MIME = (
    'Content-Type: multipart/mixed; boundary="//"\nMIME-Version: 1.0\n\n'
    f"--//\nContent-Type: text/x-shellscript\n\n{SCRIPT}\n--//--\n"
)


def _base64(content: str | bytes) -> str:
    return b64encode(content.encode() if isinstance(content, str) else content).decode()


@pytest.mark.parametrize(
    "user_data",
    [
        SCRIPT,
        "#! /usr/bin/env python3\n",
        "#!/bin/bash\r\npython train.py\r\n",
        *(f"{beginning}\n" for beginning in BEGINNINGS),
        "#include https://example.com/x",
        "#Cloud-Config\nruncmd: []\n",
        "## template: jinja\n#cloud-config\n",
        MIME,
        MIME.replace("\n", "\r\n"),
        f"From nobody Fri Jan 11 07:00:00 1980\n{MIME}",
        f"MIME-Version: 1.0\n{MIME}",
        _base64(SCRIPT),
        _base64(MIME),
        _base64(gzip.compress(SCRIPT.encode(), mtime=0)),
        "\n".join(_base64(gzip.compress(SCRIPT.encode(), mtime=0))[at : at + 76] for at in range(0, 200, 76)),
    ],
)
def test_what_cloud_init_runs_is_accepted(user_data: str) -> None:
    assert list(RUN_RULES["user_data"]("user_data", user_data)) == []


@pytest.mark.parametrize(
    ("user_data", "reason"),
    [
        (f"\n{SCRIPT}", "begins with a line end"),
        (f"\r\n{SCRIPT}", "begins with a line end"),
        (f"    {SCRIPT}", "begins with blanks"),
        (f"\t{SCRIPT}", "begins with blanks"),
        (f"\u00a0{SCRIPT}", "begins with blanks"),
        (f"\n  {SCRIPT}", "begins with a line end"),
        (f"\ufeff{SCRIPT}", "begins with a byte order mark"),
        ("\n#cloud-config\nruncmd: []\n", "begins with a line end"),
        (f"\n{MIME}", "begins with a line end"),
        ("python train.py\n", "begins with nothing that cloud-init knows"),
        (f"# trains\n{SCRIPT}", "begins with nothing that cloud-init knows"),
        ("# cloud-config\nruncmd: []\n", "begins with nothing that cloud-init knows"),
        ("cloud-config\n", "begins with nothing that cloud-init knows"),
        ("/bin/bash\n", "begins with nothing that cloud-init knows"),
        ("<powershell>\n</powershell>", "begins with nothing that cloud-init knows"),
        ("runcmd: [python train.py]\n", "begins with nothing that cloud-init knows"),
        (MIME.replace("MIME-Version: 1.0\n", ""), "begins with nothing that cloud-init knows"),
        (f"python train.py # MIME-Version: 1.0\n{SCRIPT}", "begins with nothing that cloud-init knows"),
        (_base64("python train.py\n"), "base64 of a text that begins with nothing that cloud-init knows"),
        (_base64(f"\n{SCRIPT}"), "base64 of a text that begins with a line end"),
    ],
)
def test_what_cloud_init_would_never_run_is_refused_with_the_reason(user_data: str, reason: str) -> None:
    assert why_not_run(user_data) == reason
    (problem,) = RUN_RULES["user_data"]("user_data", user_data)
    assert problem.found == f"a text that {reason}" if "base64" not in reason else reason in problem.found
    assert "#!/bin/bash" in problem.fix


@pytest.mark.parametrize("user_data", ["", " ", "\n", "#!\0", 5, None])
def test_what_is_no_text_that_does_something_is_refused_once(user_data: object) -> None:
    assert len(list(RUN_RULES["user_data"]("user_data", user_data))) == 1
