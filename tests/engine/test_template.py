"""The template for ``pulumi new``: what the CLI makes of it, and what that program registers."""

from __future__ import annotations

import contextlib
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from sandbox.engine.cli import ROOT, require_engine
from tests.runctl_component.recording import Recorded, record

pytestmark = pytest.mark.xdist_group("template")

TEMPLATE = ROOT / "templates" / "runctl-python"
QUICKSTART = ROOT / "examples" / "quickstart"
NO_HOST = "failed to load language plugin python"
"""Without Pulumi's Python host, it ends so when all files are there: the host would say how to install packages."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``pulumi new`` generates."""
    folder = tmp_path_factory.mktemp("new")
    generated = folder / "llama"
    generated.mkdir()
    (folder / "state").mkdir()
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [str(require_engine()), "new", str(TEMPLATE), "--generate-only", "--yes", "--offline"]
    answer = subprocess.run(
        command, cwd=generated, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert answer.returncode == 0 or NO_HOST in answer.stderr, answer.stderr
    return generated


def _template() -> dict[str, Any]:
    return yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text(encoding="utf-8"))["template"]


def _evaluated(project: Path, **config: str) -> Recorded:
    def program() -> dict[str, Any]:
        exported: dict[str, Any] = {}
        pulumi.runtime.set_all_config({f"llama:{key}": value for key, value in config.items()})
        with pytest.MonkeyPatch.context() as patched, contextlib.chdir(project):
            patched.setattr(pulumi, "export", exported.__setitem__)
            runpy.run_path("__main__.py")
        return exported

    return record(program, project="llama")


def test_the_generated_project_has_the_name_of_its_folder_and_nothing_of_the_template(project: Path) -> None:
    generated = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert (generated["name"], generated["description"]) == ("llama", _template()["description"])
    assert "template" not in generated
    assert [
        path.name for path in project.rglob("*") if path.is_file() and "${" in path.read_text(encoding="utf-8")
    ] == []


def test_the_generated_program_makes_a_run_with_the_defaults_that_the_template_offers(project: Path) -> None:
    offered = {key: entry["default"] for key, entry in _template()["config"].items() if "default" in entry}
    asked, unasked = _evaluated(project, bucket="outputs", **offered), _evaluated(project, bucket="outputs")
    assert asked.one("Instance", "training").inputs == unasked.one("Instance", "training").inputs
    assert asked.one("Instance", "training").inputs["instanceType"] == offered["instance_type"]
    assert asked.outputs["plan"]["endings"]["deadline"] == f"stopped, {offered['max_runtime_hours']} h after the launch"


def test_what_is_answered_is_what_runs(project: Path) -> None:
    recorded = _evaluated(project, bucket="outputs", instance_type="p5.48xlarge", max_runtime_hours="0")
    assert recorded.one("Instance", "training").inputs["instanceType"] == "p5.48xlarge"
    assert "deadline" not in recorded.outputs["plan"]["endings"]


def test_what_the_template_asks_for_is_what_its_program_reads() -> None:
    program = (TEMPLATE / "__main__.py").read_text(encoding="utf-8")
    asked = set(_template()["config"]) - {"aws:region"}
    assert asked == set(re.findall(r"config\.(?:require|get\w*)\(\"(\w+)\"", program))
    assert all(entry["description"] for entry in _template()["config"].values())


@pytest.mark.parametrize("file", ["requirements.txt", "training/train.py"])
def test_the_template_trains_what_the_quickstart_does(file: str) -> None:
    assert (TEMPLATE / file).read_bytes() == (QUICKSTART / file).read_bytes()


def test_the_template_has_the_image_and_the_command_of_the_quickstart() -> None:
    programs = [(folder / "__main__.py").read_text(encoding="utf-8") for folder in (TEMPLATE, QUICKSTART)]
    found = [re.findall(r'^    "(?:ami|code|command)": .*$', program, re.MULTILINE) for program in programs]
    assert found[0] == found[1]
    assert len(found[0]) == 3
