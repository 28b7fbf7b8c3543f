"""A run that gets another name, with an alias for the former one: it stays one run, and Pulumi says what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.aws.boto import client
from tests.engine.deployed import TEAM, deployment, said


def _config(**values: str) -> dict[str, Any]:
    return {"aws:region": "us-east-1", **{f"team:{name}": value for name, value in values.items()}}


def test_a_renamed_run_is_one_run_whose_old_training_is_over_before_the_new_one_begins(tmp_path: Path) -> None:
    with deployment(tmp_path, program=TEAM, config=_config()) as team:
        team.engine.up()
        former = team.instance()["InstanceId"]
        renamed = _config(name="sweep-2", former_name="sweep")
        order = [step.operation for step in team.engine.preview(renamed).of("Instance")]
        assert order.index("delete-replaced") < order.index("create-replacement")
        team.engine.up(renamed)
        assert team.cloud.instance(former)["State"]["Name"] == "terminated"
        assert team.tags()["runctl:run"] == "sweep-2"
        heartbeats = [name for name in team.schedules() if name.startswith("sweep") and "." not in name]
        assert heartbeats == ["sweep-2"]
        assert len(client("lambda").list_functions()["Functions"]) == 1
        assert said(team.engine.preview()) == []
