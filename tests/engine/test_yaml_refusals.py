"""Wrong arguments of a program in YAML, on the real engine: told in our own words, by property."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runctl_component import InvalidArgs
from runctl_component.args.check_run import check_early
from sandbox.engine.steps import EngineFailedError
from tests.engine.deployed import BUCKET, RUN, left_in_the_cloud
from tests.engine.yaml_programs import yaml_program

GOOD = {"bucket": BUCKET, "prefix": "runs/llama", "command": "python train.py"}


def _run(**properties: Any) -> dict[str, Any]:
    return {"type": "runctl:TrainingRun", "properties": {**GOOD, **properties}}


def _refused(folder: Path, resources: dict[str, Any], *commands: str) -> str:
    with yaml_program(folder, resources) as stack:
        for command in commands[:-1]:
            getattr(stack.engine, command)()
        with pytest.raises(EngineFailedError) as refused:
            getattr(stack.engine, commands[-1])()
    return "\n".join(each.text for each in refused.value.run.diagnostics if each.severity == "error")


def test_all_that_is_wrong_is_told_at_once_by_property_and_without_a_traceback(tmp_path: Path) -> None:
    error = _refused(tmp_path, {RUN: _run(graceSeconds=-1, onComplete="sleep")}, "preview")
    assert error.splitlines()[0].endswith("has a problem: TrainingRun 'llama-ft': 2 problems")
    told = [line.strip().partition(" with value ") for line in error.splitlines()[1:]]
    assert [name for name, _, _ in told] == ["- property graceSeconds", "- property onComplete"]


def test_it_is_told_in_the_words_that_a_python_program_gets(tmp_path: Path) -> None:
    error = _refused(tmp_path, {RUN: _run(maxIntervalSeconds=90)}, "preview")
    with pytest.raises(InvalidArgs) as refused:
        check_early(RUN, {**GOOD, "max_interval_seconds": 90})
    (problem,) = refused.value.problems
    words = str(problem).partition(": ")[2].replace("max_interval_seconds", "maxIntervalSeconds")
    assert words in error


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"command": "true"}, "bucket: Missing required property 'bucket'"),
        ({"bucket": BUCKET, "gracePeriod": 60}, "Property gracePeriod does not exist on 'runctl:index:TrainingRun'"),
        ({"bucket": [BUCKET]}, "bucket: Cannot assign 'List<string>' to 'string'"),
    ],
    ids=["missing", "misspelled", "of another type"],
)
def test_what_is_missing_misspelled_or_of_another_type_is_refused_before_anything_is_created(
    tmp_path: Path, properties: dict[str, Any], words: str
) -> None:
    with yaml_program(tmp_path, {RUN: {"type": "runctl:TrainingRun", "properties": properties}}) as stack:
        with pytest.raises(EngineFailedError) as refused:
            stack.engine.up()
        assert words in "\n".join(each.text for each in refused.value.run.diagnostics)
        assert left_in_the_cloud() == {}


def test_the_value_of_a_variable_whose_name_is_wrong_is_not_shown(tmp_path: Path) -> None:
    error = _refused(tmp_path, {RUN: _run(environment={"HF-TOKEN": "hf_abcdefghijklmnop"})}, "preview")
    assert "property environment.HF-TOKEN has a problem: got 'HF-TOKEN'" in error
    assert "hf_abc" not in error


def test_what_is_wrong_is_also_told_of_a_value_that_another_resource_gives(tmp_path: Path) -> None:
    resources = {RUN: _run(), "second": _run(prefix="${llama-ft.instanceId}//x")}
    error = _refused(tmp_path, resources, "preview", "up")
    assert "'second' has a problem: TrainingRun 'second': 1 problem\n\t\t- property prefix with value" in error


def test_a_place_that_the_monitor_does_not_watch_is_told_of(tmp_path: Path) -> None:
    monitor = {"type": "runctl:Monitor", "properties": {"watch": [{"bucket": BUCKET, "prefix": "other"}]}}
    resources = {"trainings": monitor, RUN: _run(monitor="${trainings.handle}")}
    error = _refused(tmp_path, resources, "preview", "up")
    assert "1 problem\n  bucket: s3://runctl-demo-outputs/runs/llama/; accepted: at or below" in error


def test_two_runs_at_one_place_are_refused(tmp_path: Path) -> None:
    assert "a place of the run's own" in _refused(tmp_path, {RUN: _run(), "second": _run()}, "preview")
