"""What the README says that a newcomer types and sees."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sandbox.engine.cli import ROOT
from tests.engine.deployed import deployment

pytestmark = pytest.mark.xdist_group("quickstart")

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks() -> tuple[str, str]:
    """The commands from an empty folder to a preview, and what is shown of what the last one prints."""
    found = re.search(r"From an empty folder.*?```bash\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1], found[2]


def test_the_folder_that_is_copied_is_there() -> None:
    commands, _ = _blocks()
    (copied,) = [words[2] for words in map(shlex.split, commands.splitlines()) if words[0] == "cp"]
    assert (ROOT / copied.removeprefix("runctl-pulumi/") / "Pulumi.yaml").is_file()


def test_the_preview_of_the_quickstart_prints_what_the_readme_shows(tmp_path: Path) -> None:
    _, shown = _blocks()
    program = ROOT / "examples" / "quickstart"
    with deployment(tmp_path, program=program, config={"aws:region": "us-east-1"}, stack="dev") as stack:
        printed = stack.engine.preview().text.splitlines()
    lines = [line for line in shown.splitlines() if line != "..."]
    assert [line for line in lines if line not in printed] == []
    assert len(lines) > 10
