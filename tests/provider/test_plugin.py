"""What the plugin makes of the inputs that a program in another language sends."""

from __future__ import annotations

from typing import Any

import pytest

from runctl_component import InvalidArgs
from runctl_component.provider.plugin import Plugin

from ..runctl_component.recording import Recorded, record

WATCH = [{"bucket": "outputs", "prefix": "runs", "kmsKeyArn": None}]
RUN = {"bucket": "outputs", "prefix": "runs/a", "command": "python train.py"}


def _constructed(kind: str, inputs: dict[str, Any]) -> Recorded:
    return record(lambda: dict(Plugin().construct("a", f"runctl:index:{kind}", inputs).state))


def test_a_component_is_made_from_inputs_with_names_of_other_languages() -> None:
    made = _constructed("Monitor", {"watch": WATCH, "logRetentionDays": 7.0})
    assert made.one("LogGroup", "a-log").inputs["retentionInDays"] == 7


@pytest.mark.parametrize(("kind", "inputs"), [("Monitor", {"watch": WATCH}), ("TrainingRun", RUN)])
def test_every_output_of_the_schema_is_told(kind: str, inputs: dict[str, Any]) -> None:
    outputs = _constructed(kind, inputs).outputs
    assert set(outputs) == set(Plugin().package["resources"][f"runctl:index:{kind}"]["properties"])


def test_the_plan_is_told_with_names_of_other_languages() -> None:
    plan = _constructed("TrainingRun", RUN).outputs["plan"]
    assert set(plan) == set(Plugin().package["types"]["runctl:index:Plan"]["properties"])
    assert set(plan["deadlineLayers"][0]) == {"afterLaunch", "who"}
    assert {"succeeded", "unverified"} <= set(plan["endings"])


def test_a_name_that_does_not_exist_is_refused_by_the_component() -> None:
    with pytest.raises(InvalidArgs, match=r"gracePeriod: an unknown argument; .* did you mean grace_seconds"):
        _constructed("TrainingRun", {**RUN, "gracePeriod": 60.0})


def test_a_component_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid provider: aws, expected runctl"):
        Plugin().construct("a", "aws:index:Monitor", {})
