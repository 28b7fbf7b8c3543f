"""The transforms of the organization's page on the real engine: what they make, and that they are quiet afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.aws.boto import client
from tests.engine.deployed import deployment, said
from tests.repository.organization.page import INTRODUCTION, SECTIONS, blocks

PROJECT = "name: nlp\nruntime: python\n"
BUCKET = "my-training-outputs"


def _program(folder: Path, title: str) -> Path:
    """A project whose program is the section's snippet."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    snippets = [*blocks(INTRODUCTION, "python"), *blocks(SECTIONS[title], "python")]
    (folder / "__main__.py").write_text("\n".join(snippets), encoding="utf-8")
    return folder


@pytest.mark.parametrize("title", ["The monitor in a VPC", "Log and queue with a key of your own"])
def test_a_transform_counts_from_the_first_preview_on_and_is_quiet_after_it(tmp_path: Path, title: str) -> None:
    program = _program(tmp_path / "program", title)
    (state := tmp_path / "state").mkdir()
    with deployment(state, program=program, config={}) as stack:
        stack.cloud.create_bucket(BUCKET)
        stack.engine.preview()
        stack.engine.up()
        (function,) = client("lambda").list_functions()["Functions"]
        (log,) = client("logs").describe_log_groups()["logGroups"]
        assert ("VpcConfig" in function, "kmsKeyId" in log) == (title.endswith("VPC"), title.startswith("Log"))
        assert said(stack.engine.preview()) == []
