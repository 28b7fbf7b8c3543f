"""A newer release of the package, on a stack whose training is under way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.deployed import Deployed, copy_of_the_program, said, touched

pytestmark = pytest.mark.xdist_group("upgrade")


def _newer(folder: Path) -> Path:
    """The program with a package whose monitor and runner have changed."""
    program = copy_of_the_program(folder)
    for module in ("monitor_runtime/handler.py", "runctl_component/box/runner/work.py"):
        source = program / module
        source.write_text(source.read_text(encoding="utf-8") + "\n# newer\n", encoding="utf-8")
    return program


def test_it_updates_the_monitor_and_what_later_instances_fetch_and_the_training_goes_on(
    fresh: Deployed, tmp_path: Path
) -> None:
    fresh.engine.up()
    training = fresh.instance()["InstanceId"]
    upgraded = replace(fresh.engine, program=_newer(tmp_path / "newer"), import_path=())
    run = upgraded.up()
    assert touched(run) == {("update", "Function"), ("replace", "BucketObjectv2"), ("update", "Instance")}
    assert fresh.instance()["InstanceId"] == training
    assert said(upgraded.preview()) == []
