"""A program in YAML with a monitor and two runs, that is up on the real engine."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from sandbox.aws.boto import client
from tests.engine.deployed import Deployed, said, touched
from tests.engine.yaml_programs import TEAM, yaml_program

pytestmark = pytest.mark.xdist_group("yaml")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployed]:
    """Up."""
    with yaml_program(tmp_path_factory.mktemp("engine"), TEAM) as stack:
        stack.engine.up()
        yield stack


def _outputs(stack: Deployed) -> dict[str, Any]:
    return stack.engine.up().outputs


def test_both_runs_are_watched_by_the_monitor_whose_handle_they_have(stack: Deployed) -> None:
    tags = [{tag["Key"]: tag["Value"] for tag in instance["Tags"]} for instance in stack.instances()]
    assert {each["runctl:run"] for each in tags} == {"first", "second"}
    assert {each["runctl:monitor"] for each in tags} == {"trainings/demo/trainings"}
    assert len(client("lambda").list_functions()["Functions"]) == 1


def test_a_second_preview_is_quiet(stack: Deployed) -> None:
    assert said(stack.engine.preview()) == []


def test_outputs_are_named_as_in_the_language(stack: Deployed) -> None:
    outputs = _outputs(stack)
    assert sorted(outputs["instances"]) == sorted(each["InstanceId"] for each in stack.instances())
    assert outputs["thenEverySeconds"] == 300
    assert set(outputs["layers"][0]) == {"afterLaunch", "who"}
    assert "60 minutes after the launch" in outputs["endings"]["idle"]


def test_a_changed_argument_previews_as_the_change_of_one_schedule(stack: Deployed) -> None:
    run = stack.engine.preview({**stack.engine.config, "graceSeconds": 900})
    assert touched(run) == {("update", "Schedule")}
    assert [step.name for step in run.of("Schedule")] == ["first-heartbeat"]
