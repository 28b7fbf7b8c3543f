"""The package in TypeScript: its SDK, the example, and every argument, compiled strictly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runctl_component.provider.names import from_python
from runctl_component.provider.plugin import Plugin
from tests.languages.toolchains import ROOT, node_sdk, type_errors

from ..runctl_component.forms import ALL

pytestmark = pytest.mark.xdist_group("languages")
STRICT: Mapping[str, Any] = {
    "compilerOptions": {"strict": True, "noEmit": True, "target": "es2022", "module": "commonjs"},
    "files": ["index.ts"],
}


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node_sdk(tmp_path_factory.mktemp("typescript"))


def _program(sdk: Path, name: str, text: str) -> Path:
    folder = sdk / name
    folder.mkdir()
    (folder / "index.ts").write_text(text, encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(STRICT), encoding="utf-8")
    return folder


def test_the_example_compiles(sdk: Path) -> None:
    folder = shutil.copytree(ROOT / "examples/languages/typescript", sdk / "example")
    assert type_errors(folder) == ""


def test_every_argument_is_of_the_type_that_it_has_in_python(sdk: Path) -> None:
    properties = json.dumps(from_python(ALL, Plugin().inputs["TrainingRun"]), indent=2)
    text = f'import * as runctl from "@your-organization/runctl";\nnew runctl.TrainingRun("all", {properties});\n'
    assert type_errors(_program(sdk, "all", text)) == ""


def test_outputs_are_typed_to_the_last_field_of_the_plan(sdk: Path) -> None:
    text = """
        import * as runctl from "@your-organization/runctl";
        const monitor = new runctl.Monitor("trainings", { watch: [{ bucket: "outputs", prefix: "runs" }] });
        const run = new runctl.TrainingRun("first", {
            bucket: "outputs",
            command: "true",
            monitor: monitor.handle,
            onComplete: runctl.types.enums.Ending.Terminate,
            spot: runctl.types.enums.Spot.OneTime,
        });
        export const by: runctl.types.output.LongestWait["byPoll"] = 1;
        export const who = run.plan.apply(plan => plan.deadlineLayers.map(layer => layer.who.length));
        export const total = run.plan.monitorDollarsPerDay.total.apply(dollars => dollars.toFixed(2));
    """
    assert type_errors(_program(sdk, "outputs", text)) == ""


def test_what_is_missing_misspelled_or_of_another_type_does_not_compile(sdk: Path) -> None:
    wrong = ["{}", '{ bucket: "outputs", gracePeriod: 60 }', "{ bucket: 1 }", '{ bucket: "outputs", idle: {} }']
    lines = [f'new runctl.TrainingRun("a", {properties});' for properties in wrong]
    text = "\n".join(['import * as runctl from "@your-organization/runctl";', *lines, ""])
    errors = type_errors(_program(sdk, "wrong", text))
    assert [number for number in range(2, 6) if f"index.ts({number}," not in errors] == []
