"""Code: in the working directory when the command begins, as it was uploaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runctl_component.box.code_folder import Code, code_of

from .box import PREFIX, Box

FAILED = f"{PREFIX}training_failed.txt"


@pytest.fixture
def code(tmp_path: Path) -> Code:
    """A program, and data of it."""
    folder = tmp_path / "training"
    (folder / "data").mkdir(parents=True)
    (folder / "train.sh").write_text("#!/bin/bash\ncat data/words >result\n")
    (folder / "data/words").write_bytes(b"one\r\ntwo\n\x00")
    return code_of(str(folder))


def told(box: Box) -> str:
    """Why the run failed."""
    return json.loads(box.around.read(FAILED))["message"]


def test_the_command_finds_its_code_where_it_begins(box: Box, code: Code) -> None:
    box.first_boot("./train.sh", code=code)
    assert box.run() == 0
    assert (box.root / "home/result").read_bytes() == b"one\r\ntwo\n\x00"


def test_what_the_training_has_changed_is_not_undone_at_the_next_start(box: Box, code: Code) -> None:
    first = "echo three >data/words; touch again; kill -KILL $PPID"
    box.first_boot(f"[[ -e again ]] || {{ {first}; }}; ./train.sh", code=code)
    box.run()
    box.run()
    assert (box.root / "home/result").read_text() == "three\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "AccessDenied"), (b"another", "not the code that was uploaded for this run")],
)
def test_code_that_is_not_there_or_another_fails_the_run_before_the_command(
    box: Box, code: Code, content: bytes | None, reason: str
) -> None:
    box.first_boot("touch began", code=code)
    del box.around.deployed[PREFIX + code.key]
    if content is not None:
        box.around.deployed[PREFIX + code.key] = content
    box.run()
    assert f"code {code.key}: " in told(box)
    assert reason in told(box)
    assert not (box.root / "home/began").exists()


def test_code_that_cannot_be_unpacked_fails_the_run_with_the_reason(box: Box, code: Code) -> None:
    box.first_boot("touch began", code=code)
    (box.root / "home/data").write_text("a file where the code has a folder")
    box.run()
    assert "Not a directory" in told(box) or "File exists" in told(box)


def test_a_run_without_code_finds_nothing(box: Box) -> None:
    box.first_boot("ls -A")
    box.run()
    assert box.log == ""
