"""The package in TypeScript: its SDK, the example, and every argument, compiled strictly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping

import pytest

from runctl_component.provider.names import from_python
from runctl_component.provider.plugin import Plugin
from tests.languages.toolchains import ROOT, node_sdk, type_errors

from ..runctl_component.forms import ALL

pytestmark = pytest.mark.xdist_group("languages")
EXAMPLE = ROOT / "examples/languages/typescript"
IMPORT = 'import * as runctl from "@your-organization/runctl";'
EVERY_ARGUMENT = json.dumps(from_python(ALL, Plugin().inputs["TrainingRun"]), indent=2)
WRONG = ["{}", '{ bucket: "outputs", gracePeriod: 60 }', "{ bucket: 1 }", '{ bucket: "outputs", idle: {} }']
PROGRAMS: Mapping[str, str] = {
    "all": f'{IMPORT}\nnew runctl.TrainingRun("all", {EVERY_ARGUMENT});\n',
    "wrong": "\n".join([IMPORT, *(f'new runctl.TrainingRun("a", {properties});' for properties in WRONG), ""]),
    "outputs": """
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
    """,
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the compiler says of the example and all programs, as strict as the example asks it to be."""
    folder = node_sdk(tmp_path_factory.mktemp("typescript"))
    shutil.copytree(EXAMPLE, folder / "example")
    for name, text in PROGRAMS.items():
        (folder / name).mkdir()
        (folder / name / "index.ts").write_text(text, encoding="utf-8")
    options = json.loads((EXAMPLE / "tsconfig.json").read_text(encoding="utf-8"))["compilerOptions"]
    files = [f"{name}/index.ts" for name in ("example", *PROGRAMS)]
    project = {"compilerOptions": {**options, "noEmit": True}, "files": files}
    (folder / "tsconfig.json").write_text(json.dumps(project), encoding="utf-8")
    return type_errors(folder)


def _about(program: str, errors: str) -> list[str]:
    return [line for line in errors.splitlines() if line.startswith(f"{program}/")]


def test_the_example_compiles(errors: str) -> None:
    assert _about("example", errors) == []


def test_every_argument_is_of_the_type_that_it_has_in_python(errors: str) -> None:
    assert _about("all", errors) == []


def test_outputs_are_typed_to_the_last_field_of_the_plan(errors: str) -> None:
    assert _about("outputs", errors) == []


def test_what_is_missing_misspelled_or_of_another_type_does_not_compile(errors: str) -> None:
    numbers = range(2, 2 + len(WRONG))
    assert [number for number in numbers if f"wrong/index.ts({number}," not in errors] == []


def test_nothing_else_is_wrong(errors: str) -> None:
    """What a line that is indented says belongs to the one before it."""
    assert [line for line in errors.splitlines() if not line.startswith(("wrong/", " "))] == []
