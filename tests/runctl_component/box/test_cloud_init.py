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


def _message(*types_and_texts: str) -> str:
    """A MIME message of parts: each a type and its text."""
    kinds, texts = types_and_texts[::2], types_and_texts[1::2]
    parts = [f"--//\nContent-Type: {kind}\n\n{text}\n" for kind, text in zip(kinds, texts, strict=True)]
    return f'Content-Type: multipart/mixed; boundary="//"\nMIME-Version: 1.0\n\n{"".join(parts)}--//--\n'


def _encoded(kind: str, content: bytes) -> str:
    return _message(f"{kind}\nContent-Transfer-Encoding: base64", _base64(content))


GZIP = gzip.compress(SCRIPT.encode(), mtime=0)
NO_PART = "is a MIME message without a part that cloud-init runs"
NOTHING = "begins with nothing that cloud-init knows"


@pytest.mark.parametrize(
    "user_data",
    [
        SCRIPT,
        "#! /usr/bin/env python3\n",
        "#!/bin/bash\r\npython train.py\r\n",
        *(f"{beginning}\n" for beginning in BEGINNINGS if beginning not in ("#!", "## template: jinja")),
        "#include https://example.com/x",
        "#Cloud-Config\nruncmd: []\n",
        "## template: jinja\n#cloud-config\n",
        "## template: jinja\n{% if v1.region %}\n#!/bin/bash\n{% endif %}\n",
        MIME,
        MIME.replace("x-shellscript", "plain"),
        MIME.replace("x-shellscript", "x-shellscript-per-boot"),
        _message("text/cloud-config", "\nruncmd: []\n"),
        _message("text/plain", "Read me.", "text/x-shellscript", SCRIPT),
        _message("text/x-shellscript; charset=utf-8", "#!/bin/bash\necho größe\n"),
        _encoded("text/x-shellscript", SCRIPT.encode()),
        _encoded("application/gzip", gzip.compress(SCRIPT.encode(), mtime=0)),
        f"MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n{SCRIPT}",
        _base64(gzip.compress(MIME.encode(), mtime=0)),
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
        (_base64("python train.py\n"), f"is base64 of a text that {NOTHING}"),
        (_base64(f"\n{SCRIPT}"), "is base64 of a text that begins with a line end"),
        (_base64(gzip.compress(b"train", mtime=0)), f"is base64 of a text that is gzip of a text that {NOTHING}"),
        (_base64(GZIP[:20]), "is base64 of a text that is gzip and cannot be unpacked"),
        (_base64(GZIP[:2]), "is base64 of a text that is gzip and cannot be unpacked"),
        (_base64(GZIP[:12] + b"x" + GZIP[13:]), "is base64 of a text that is gzip and cannot be unpacked"),
        ("#!", "names no program behind its #!"),
        ("#! \npython train.py\n", "names no program behind its #!"),
        ("## template: jinja\n", f"is a template of a text that {NOTHING}"),
        ("## template: jinja\n\n#!/bin/bash\n", "is a template of a text that begins with a line end"),
        ("MIME-Version: 1.0\n", NO_PART),
        (MIME.replace('"//"', '"=="'), NO_PART),
        (_message("text/plain", "python train.py"), NO_PART),
        (_message("text/html", SCRIPT), NO_PART),
        (_message("text/cloud-config", ""), NO_PART),
        (_encoded("application/gzip", gzip.compress(b"train", mtime=0)), NO_PART),
        (
            _message("text/cloud-config", "runcmd: []", "text/x-shellscript", f"\n{SCRIPT}"),
            "has a MIME part text/x-shellscript that begins with a line end",
        ),
        (_message("text/x-shellscript", "train"), f"has a MIME part text/x-shellscript that {NOTHING}"),
    ],
)
def test_what_cloud_init_would_never_run_is_refused_with_the_reason(user_data: str, reason: str) -> None:
    assert why_not_run(user_data) == reason
    (problem,) = RUN_RULES["user_data"]("user_data", user_data)
    assert problem.found == f"a text that {reason}"
    assert "#!/bin/bash" in problem.fix


@pytest.mark.parametrize("user_data", ["", " ", "\n", "#!\0", 5, None])
def test_what_is_no_text_that_does_something_is_refused_once(user_data: object) -> None:
    assert len(list(RUN_RULES["user_data"]("user_data", user_data))) == 1
