"""Options of the engine and of its provider: targets, refreshes, default tags, Pulumi's own Python host."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.engine import real
from sandbox.engine.cli import ROOT, find_python_host, require_engine
from sandbox.engine.real import EngineTimedOutError
from tests.engine.deployed import RUN, Deployed, copy_of_the_program, deployment, root_config, said, touched


def test_an_up_with_the_instance_as_its_target_leaves_the_rest_for_the_next(fresh: Deployed) -> None:
    fresh.engine.up()
    changed = fresh.config(command="python train.py --epochs 3", grace_seconds=900)
    (step,) = [step for step in fresh.engine.preview(changed).of("Schedule") if step.name == f"{RUN}-heartbeat"]
    run = fresh.engine.preview(changed, target=[step.urn])
    assert touched(run) == {("update", "Schedule")}
    fresh.engine.up(changed, target=[step.urn])
    assert "Schedule" not in {kind for _, kind in touched(fresh.engine.preview(changed))}
    fresh.engine.up(changed)
    assert said(fresh.engine.preview(changed)) == []


def _with_default_tags(**tags: str) -> dict[str, Any]:
    return {**root_config(), "aws:defaultTags": {"tags": tags}}


def test_default_tags_of_the_provider_are_on_the_instance_and_quiet(tmp_path: Path) -> None:
    with deployment(tmp_path, config=_with_default_tags(team="ml", stage="dev")) as stack:
        stack.engine.up()
        assert {"team": "ml", "stage": "dev", "runctl:run": RUN}.items() <= stack.tags().items()
        assert said(stack.engine.preview()) == []
        before = stack.instance()["InstanceId"]
        changed = _with_default_tags(team="ml", stage="prod")
        run = stack.engine.preview(changed)
        assert RETAGGED in touched(run)
        assert {operation for operation, _ in touched(run)} == {"update"}
        stack.engine.up(changed)
        assert (stack.instance()["InstanceId"], stack.tags()["stage"]) == (before, "prod")
        assert "runctl:armed" in stack.tags()


RETAGGED = ("update", "Instance")


def test_what_is_gone_is_found_by_a_refresh_and_made_again(fresh: Deployed) -> None:
    fresh.engine.up()
    (name,) = [each for each in fresh.schedules() if each.endswith(f"{RUN}-heartbeat") or each == RUN]
    group = client("scheduler").list_schedules()["Schedules"][0]["GroupName"]
    client("scheduler").delete_schedule(GroupName=group, Name=name)
    assert said(fresh.engine.preview()) == []
    assert ("create", "Schedule") in touched(fresh.engine.preview(refresh=True))


def test_an_engine_that_does_not_end_is_ended_with_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: slow\nruntime: python\n")
    (program / "__main__.py").write_text(f"open({str(program / 'pid')!r}, 'w').write(str(__import__('os').getpid()))\n")
    with (program / "__main__.py").open("a") as file:
        file.write("__import__('time').sleep(600)\n")
    with deployment(tmp_path / "engine", program=program, config={}) as stack:
        monkeypatch.setattr(real, "SECONDS", 15)
        with pytest.raises(EngineTimedOutError, match="has not ended within 15 s"):
            stack.engine.preview()
    process = int((program / "pid").read_text())
    assert not _is_running(process)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:1]


def test_the_program_runs_through_pulumis_own_python_host_too(tmp_path: Path) -> None:
    if find_python_host(require_engine()) is None:
        pytest.skip(
            "no pulumi-language-python, which the official CLI brings along: the programs here run as inline programs"
            " of the Automation API"
        )
    program = copy_of_the_program(tmp_path / "program")
    (program / "requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    (program / ".venv").symlink_to(ROOT / ".venv")
    with deployment(tmp_path / "engine", program=program, language_host=True) as stack:
        stack.engine.up()
        assert said(stack.engine.preview()) == []
        assert said(replace(stack.engine, language_host=False).preview()) == []
