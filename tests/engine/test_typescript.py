"""A program in TypeScript with a run under a shared monitor and one with its own, on the real engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.deployed import Deployed, deployment, left_in_the_cloud
from tests.engine.served_plugin import served_plugin
from tests.languages.toolchains import node, node_sdk, type_errors

pytestmark = pytest.mark.xdist_group("languages")
PROGRAM = Path(__file__).parent / "languages"
COMPILED = {
    "compilerOptions": {"strict": True, "outDir": "bin", "target": "es2022", "module": "commonjs"},
    "files": ["index.ts"],
}


def _compiled(folder: Path) -> Path:
    program = node_sdk(folder) / "program"
    program.mkdir()
    for name in ("index.ts", "drive.js"):
        shutil.copy(PROGRAM / name, program)
    (program / "tsconfig.json").write_text(json.dumps(COMPILED), encoding="utf-8")
    assert type_errors(program) == ""
    return program


def _run(stack: Deployed, program: Path, command: str, **environment: str) -> dict[str, Any]:
    """One run of the engine, as drive.js prints it."""
    workspace = stack.engine.folder / "workspace"
    workspace.mkdir(exist_ok=True)
    (stack.engine.folder / "state").mkdir(exist_ok=True)
    cli = str(stack.engine.cli.parent.parent)
    answer = subprocess.run(
        [node(), str(program / "drive.js"), str(program / "bin" / "index.js"), str(workspace), command, cli],
        env={**stack.engine.environment(), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    return json.loads(answer.stdout)


def test_a_program_in_typescript_goes_up_is_quiet_is_updated_refused_and_destroyed(tmp_path: Path) -> None:
    program = _compiled(tmp_path)
    with served_plugin(program) as plugin, deployment(tmp_path, config={}) as stack:
        stack.engine.providers += f",{plugin}"
        up = _run(stack, program, "up")
        assert "error" not in up, up["error"]
        assert sorted(up["outputs"]["instances"]) == sorted(each["InstanceId"] for each in stack.instances())
        watchers = {
            tag["Value"] for each in stack.instances() for tag in each["Tags"] if tag["Key"] == "runctl:monitor"
        }
        assert watchers == {"trainings/demo/trainings", "trainings/demo/alone-monitor"}
        assert set(up["outputs"]["layers"][0]) == {"afterLaunch", "who"}
        assert _run(stack, program, "preview")["steps"] == []
        changed = _run(stack, program, "up", GRACE_SECONDS="900")
        assert changed["steps"] == [["update", "aws:scheduler/schedule:Schedule", "first-heartbeat"]]
        refused = _run(stack, program, "preview", GRACE_SECONDS="-1")
        assert "property graceSeconds with value '{-1}' has a problem: got -1; accepted: a whole" in refused["error"]
        _run(stack, program, "destroy")
        assert left_in_the_cloud() == {}
