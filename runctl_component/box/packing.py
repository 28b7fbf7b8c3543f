"""The on-box runner as one text for user data: ``make runner`` writes it anew.

The packed text is kept, and not made at each preview: compressors and Python's own printer differ between versions, and
one changed byte of user data would replace an instance, and with it its training.
"""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import monitor_runtime
from runctl_component.box.bundling import bundle

ROOM = Path(__file__).parent
SOURCES = ROOM / "runner"
KEPT, KEPT_DIGEST = ROOM / "packed_runner.txt", ROOM / "packed_runner.sha256"
_SHARED = Path(monitor_runtime.__file__).parent / "contract" / "hold_time.py"
"""What the monitor and the box must understand alike."""
PROGRAM = "/usr/local/lib/runctl/box"
INSTALLED = {
    "last-resort.sh": "/usr/local/lib/runctl/last-resort.sh",
    "needrestart.conf": "/etc/needrestart/conf.d/runctl.conf",
    "runctl-guard.service": "/etc/systemd/system/runctl-guard.service",
    "runctl-guard.timer": "/etc/systemd/system/runctl-guard.timer",
    "runctl-training.service": "/etc/systemd/system/runctl-training.service",
}
_LINE = 120


@cache
def packed_runner() -> str:
    """The kept text, in lines."""
    text = (files("runctl_component") / "box" / KEPT.name).read_text(encoding="ascii")
    return text.replace("\r\n", "\n")


def sources() -> dict[str, str]:
    """All that is packed, by name."""
    modules = [path for path in sorted(SOURCES.rglob("*.py")) if path.name != "__init__.py"]
    named = {".".join(["runner", *path.relative_to(SOURCES).with_suffix("").parts]): path for path in modules}
    others = {name: SOURCES / name for name in INSTALLED}
    named["monitor_runtime.contract.hold_time"] = _SHARED
    return {name: path.read_text(encoding="utf-8").replace("\r\n", "\n") for name, path in {**named, **others}.items()}


def digest() -> str:
    """Of the sources: it tells whether the kept text was made from them."""
    return hashlib.sha256(json.dumps(sources(), sort_keys=True).encode()).hexdigest()


def installed_files() -> dict[str, str]:
    """The runner's files on the instance, by their paths."""
    found = sources()
    modules = {name: text for name, text in found.items() if name not in INSTALLED}
    others = {path: _without_comments(found[name]) for name, path in INSTALLED.items()}
    return {PROGRAM: bundle(modules, "runner.main"), **others}


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("# "))


def pack(contents: Mapping[str, str]) -> str:
    """The text, in lines that Bash and a preview can show."""
    document = "\0".join(text for pair in contents.items() for text in pair)
    packed = min((_compressed(document.encode(), bits) for bits in range(5)), key=len)
    text = base64.b85encode(packed).decode()
    return "".join(f"{text[at : at + _LINE]}\n" for at in range(0, len(text), _LINE))


def _compressed(content: bytes, literal_context_bits: int) -> bytes:
    options = {"id": lzma.FILTER_LZMA1, "preset": 9 | lzma.PRESET_EXTREME, "lc": literal_context_bits, "lp": 0, "pb": 0}
    return lzma.compress(content, format=lzma.FORMAT_ALONE, filters=[options])


def unpack(text: str) -> dict[str, str]:
    """The files, as the script unpacks them on the instance."""
    parts = lzma.decompress(base64.b85decode(text.replace("\n", ""))).decode().split("\0")
    return dict(zip(parts[::2], parts[1::2], strict=True))


def renew() -> None:
    """Write the kept text."""
    KEPT.write_text(pack(installed_files()), encoding="ascii", newline="\n")
    KEPT_DIGEST.write_text(f"{digest()}\n", encoding="ascii", newline="\n")
