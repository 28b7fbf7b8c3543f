"""The examples, and what a team's own tests meet."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

from runctl_component import TrainingRun

from ..runctl_component.recording import Recorded, record

ROOT = Path(__file__).resolve().parents[2]
CONFIG = {"bucket": "outputs", "subnet_id": "subnet-0aaaaaaa", "key_name": "ours", "instance_profile": "trainer"}


@pytest.fixture(scope="module")
def team_stack() -> Recorded:
    def program() -> None:
        pulumi.runtime.set_all_config({f"team:{key}": value for key, value in CONFIG.items()})
        runpy.run_path(str(ROOT / "examples" / "team_stack" / "__main__.py"))

    return record(program)


@pytest.mark.parametrize("run", ["resnet-short", "resnet-long"])
def test_a_run_of_the_team_uses_what_is_there_already(team_stack: Recorded, run: str) -> None:
    inputs = team_stack.one("Instance", run).inputs
    assert [inputs[key] for key in ("subnetId", "keyName", "iamInstanceProfile")] == list(CONFIG.values())[1:]
    assert inputs["tags"]["team"] == "vision"


def test_the_team_has_one_monitor_for_its_runs_and_no_role_for_their_boxes(team_stack: Recorded) -> None:
    kinds = [kind for kind, _ in team_stack.names()]
    assert kinds.count("aws:lambda/function:Function") == 1
    assert kinds.count("aws:iam/instanceProfile:InstanceProfile") == 0


class _PlainMocks(mocks.Mocks):
    """As Pulumi's guide to unit tests has them."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}_id", vars(args)["inputs"]

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        del args
        return {}, []


def test_a_teams_own_tests_may_mock_everything_plainly() -> None:
    seen: dict[str, Any] = {}
    leftovers: Any = settings.SETTINGS
    leftovers.rpc_manager.clear()
    leftovers.outputs.clear()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(_PlainMocks(), project="team", stack="dev")

    def program() -> None:
        group = aws.ec2.SecurityGroup("trainings")
        bucket = aws.s3.Bucket("outputs")
        run = TrainingRun("llama-ft", {"bucket": bucket.id, "command": "true", "security_group_ids": [group.id]})
        pulumi.Output.all(instance_id=run.instance_id, output_uri=run.output_uri).apply(seen.update)

    loop.run_until_complete(run_pulumi_func(program))
    loop.close()
    assert seen == {"instance_id": "llama-ft_id", "output_uri": "s3://outputs_id/team/dev/llama-ft/"}
