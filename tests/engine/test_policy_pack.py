"""The policy pack on the real engine, in an environment of its own, since pulumi-policy takes older protobuf."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox.engine.cli import ROOT
from sandbox.engine.real import RealEngine
from sandbox.engine.steps import EngineFailedError
from tests.engine.deployed import BUCKET, Deployed, deployment

pytestmark = pytest.mark.xdist_group("policy pack")

PROGRAM = f"""\
import pulumi_aws as aws
from runctl_component import TrainingRun

TrainingRun("endless", {{"bucket": "{BUCKET}", "command": "true", "max_runtime_hours": 0, "on_complete": "terminate"}})
aws.ec2.Instance("notebook", ami="ami-0123456789abcdef0", instance_type="g5.xlarge")
"""
LAUNCHER = '#!/bin/sh\nexec venv/bin/python -u "$2"\n'
"""In place of Pulumi's Python host, which starts a pack by the environment that its PulumiPolicy.yaml names."""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pack with its environment, as ``pulumi install`` makes it."""
    folder = tmp_path_factory.mktemp("pack") / "policy"
    shutil.copytree(ROOT / "policy", folder, ignore=shutil.ignore_patterns("__pycache__", "venv"))
    uv = str(Path(sys.executable).parent / "uv")
    subprocess.run([uv, "venv", "--quiet", str(folder / "venv")], check=True, capture_output=True, timeout=60)
    install = [uv, "pip", "install", "--quiet", "--python", str(folder / "venv/bin/python"), "-r", "requirements.txt"]
    installed = subprocess.run(install, cwd=folder, check=False, capture_output=True, text=True, timeout=300)
    if installed.returncode != 0:
        pytest.skip(f"pulumi-policy cannot be installed: with a package index, this tries the pack: {installed.stderr}")
    return folder


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Deployed]:
    launcher = tmp_path / "bin" / "pulumi-analyzer-policy-python"
    launcher.parent.mkdir()
    launcher.write_text(LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", f"{launcher.parent}:{os.environ['PATH']}")
    program = tmp_path / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: team\nruntime: python\n", encoding="utf-8")
    (program / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    with deployment(tmp_path / "engine", program=program, config={"aws:region": "us-east-1"}) as deployed:
        yield deployed


def _configured(folder: Path, **config: object) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps({name.replace("_", "-"): value for name, value in config.items()}), encoding="utf-8")
    return str(path)


def _refused(engine: RealEngine, pack: Path) -> str:
    with pytest.raises(EngineFailedError) as caught:
        engine.preview(policy_packs=[str(pack)])
    return caught.value.run.text


def test_the_preview_names_what_nothing_ends_and_fails(stack: Deployed, pack: Path) -> None:
    text = _refused(stack.engine, pack)
    assert "[mandatory]  accelerators-are-ended  (aws:ec2:Instance: notebook)" in text
    assert "[mandatory]  runs-have-a-deadline  (aws:scheduler:Schedule: endless-heartbeat)" in text
    assert "[advisory]  termination-is-verified  (aws:scheduler:Schedule: endless-heartbeat)" in text
    assert "[advisory]  monitors-have-a-topic  (aws:lambda:Function: endless-monitor-function)" in text
    assert "instance notebook: a g5.xlarge that no training run ends" in text
    assert "monitors-have-alarms  (" not in text


def test_levels_and_exemptions_are_those_of_the_config(stack: Deployed, pack: Path, tmp_path: Path) -> None:
    config = _configured(
        tmp_path,
        accelerators_are_ended={"exempt": ["notebook"]},
        runs_have_a_deadline="advisory",
        termination_is_verified="disabled",
    )
    text = stack.engine.preview(policy_packs=[str(pack)], policy_pack_configs=[config]).text
    assert "accelerators-are-ended  (" not in text
    assert "[advisory]  runs-have-a-deadline  (" in text
    assert "termination-is-verified  (" not in text


def test_a_run_with_a_topic_and_a_deadline_passes(stack: Deployed, pack: Path) -> None:
    sound = PROGRAM.rpartition("aws.ec2")[0].replace('"max_runtime_hours": 0, "on_complete": "terminate"', "**told")
    told = 'told = {"notify_topic_arn": "arn:aws:sns:us-east-1:123456789012:trainings"}\n'
    (stack.engine.program / "__main__.py").write_text(told + sound, encoding="utf-8")
    text = stack.engine.preview(policy_packs=[str(pack)]).text
    assert "runctl@v" in text
    assert "[mandatory]" not in text
    assert "[advisory]" not in text
