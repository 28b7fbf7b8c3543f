"""The page of guarantees: each of them has a test, and that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")


def test_each_row_names_its_test() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and "| what is guaranteed |" not in row]
    assert len(rows) > 20
    assert [row for row in rows if not re.search(r"\| `[\w/]+\.py::test_\w+` \|$", row)] == []


def test_each_test_that_is_named_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 20
    absent = [
        f"{file}::{name}"
        for file, name in named
        if f"\ndef {name}(" not in (ROOT / "tests" / "on_box" / file).read_text(encoding="utf-8")
    ]
    assert absent == []
