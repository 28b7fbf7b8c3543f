"""What a reviewer reads: the text of ``pulumi preview --diff`` for six typical pull requests, kept in ``diffs``.

Where a text is missing, it is written, and the test fails once: read it as a reviewer would, then commit it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.deployed import BUCKET, RUN, Deployed

pytestmark = pytest.mark.xdist_group("diff texts")

KEPT = Path(__file__).parent / "diffs"
OTHER = {"bucket": BUCKET, "prefix": "runs/other/", "instance_type": "g5.xlarge", "command": "python train.py"}
PULL_REQUESTS: Mapping[str, Mapping[str, Mapping[str, Any] | None]] = {
    "another-marker": {RUN: {"markers": ["DONE"]}},
    "another-command": {RUN: {"command": "python train.py --epochs 3"}},
    "longer-run": {RUN: {"max_runtime_hours": 48, "grace_seconds": 900}},
    "larger-instance": {RUN: {"instance_type": "g5.12xlarge", "root_volume_gib": 500}},
    "second-run": {"other": OTHER},
    "run-taken-away": {RUN: None, "other": OTHER},
}
_BLOCK = re.compile(r"^ *[-+~><=]+ ?(?:aws|runctl):\S+: \(", re.MULTILINE)
_CHANCE = {
    r"\bi-[0-9a-f]{17}": "i-0123456789abcdef0",
    r"(?<=[a-z])-[0-9a-f]{7}\b": "-1234567",
    r"runner-[0-9a-f]{16}": "runner-0123456789abcdef",
    r"asset\(file:[0-9a-f]{7}\) \{ \S+ \}": "asset(file:1234567) { runner.zip }",
    r"(?<=\")[0-9a-f]{64}(?=\")": "0123456789abcdef" * 4,
    r"\b[0-9a-f]{32}\b": "0123456789abcdef0123456789abcdef",
    r"\b10\.\d+\.\d+\.\d+": "10.0.0.1",
    r"\n *\[provider=.*": "",
}
"""What is another at each run, by its pattern."""


def _readable(text: str) -> str:
    """Without what chance brings; resources in the order of their names, since the engine takes several at a time."""
    for pattern, instead in _CHANCE.items():
        text = re.sub(pattern, instead, text)
    text = text[text.index("  pulumi:pulumi:Stack: (same)") :]
    starts = [found.start() for found in _BLOCK.finditer(text)]
    ends = [*starts[1:], text.index("    --outputs:--")]
    blocks = sorted(text[start:end] for start, end in zip(starts, ends, strict=True))
    return "".join([text[: starts[0]], *blocks, text[ends[-1] :]]) + "\n"


@pytest.mark.parametrize("name", PULL_REQUESTS)
def test_a_reviewer_reads_what_will_happen(up: Deployed, name: str) -> None:
    text = _readable(up.engine.preview(up.config_of(PULL_REQUESTS[name]), diff=True).text)
    kept = KEPT / f"{name}.txt"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(text, encoding="utf-8")
        pytest.fail(f"{kept} was missing, and is written now: read it, and commit it")
    assert text == kept.read_text(encoding="utf-8")


def test_each_kept_text_belongs_to_a_pull_request() -> None:
    assert {path.stem for path in KEPT.glob("*.txt")} == set(PULL_REQUESTS)
