"""How a stack goes: wholly, not at all when it is protected, or out of Pulumi's hands alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.steps import EngineFailedError
from tests.engine.deployed import RUN, TEAM, Deployed, deployment, left_in_the_cloud, said


def test_a_destroyed_stack_leaves_nothing_not_even_what_its_monitor_had_made(fresh: Deployed) -> None:
    fresh.engine.up()
    instance_id = fresh.instance()["InstanceId"]
    assert len(fresh.schedules()) > 1
    fresh.engine.destroy()
    assert left_in_the_cloud() == {}
    assert fresh.engine.state() == []
    assert fresh.cloud.instance(instance_id)["State"]["Name"] == "terminated"
    before = len(fresh.cloud.functions.invocations)
    fresh.cloud.run_for(timedelta(days=2))
    assert len(fresh.cloud.functions.invocations) == before


def test_a_stack_that_is_destroyed_and_brought_up_again_is_as_new(fresh: Deployed) -> None:
    fresh.engine.up()
    fresh.engine.destroy()
    fresh.engine.up()
    assert said(fresh.engine.preview()) == []
    assert fresh.tags()["runctl:run"] == RUN


def _team(**options: Any) -> dict[str, Any]:
    return {"aws:region": "us-east-1", **{f"team:{name}": value for name, value in options.items()}}


def test_a_protected_run_is_neither_destroyed_nor_replaced(tmp_path: Path) -> None:
    with deployment(tmp_path, program=TEAM, config=_team(protect="true")) as team:
        team.engine.up()
        before = team.instance()["InstanceId"]
        with pytest.raises(EngineFailedError, match="protect"):
            team.engine.destroy()
        with pytest.raises(EngineFailedError, match="protect"):
            team.engine.up(_team(protect="true", command="python other.py"))
        assert team.instance()["InstanceId"] == before
        assert said(team.engine.preview(_team(protect="true"))) == []


def test_a_retained_run_goes_on_and_is_still_watched_and_ended(tmp_path: Path) -> None:
    with deployment(tmp_path, program=TEAM, config=_team(retain="true", hours="1")) as team:
        outputs = team.engine.up().outputs
        team.engine.destroy()
        assert team.engine.state() == []
        assert team.instance()["InstanceId"] == outputs["instance_id"]
        team.cloud.run_for(timedelta(hours=1, minutes=15))
        assert team.tags()["runctl:outcome"] == "deadline"
        assert team.instance()["State"]["Name"] == "stopped"


def test_a_program_with_a_bucket_and_a_topic_of_its_own_is_quiet_after_the_first_up(tmp_path: Path) -> None:
    with deployment(tmp_path, program=TEAM, config=_team()) as team:
        assert team.engine.preview().diagnostics == ()
        team.engine.up()
        assert said(team.engine.preview()) == []
