"""A run of one program under the monitor of another one, of which it has the handle."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from runctl_component import Monitor, TrainingRun
from sandbox.aws.boto import client
from sandbox.engine.in_process import Deployment, evaluate
from sandbox.sandbox import REGION, Sandbox, sandbox

from .ending_rights import EndingRights

BUCKET = "outputs"


def _up(cloud: Sandbox, program: Any, stack: str) -> Deployment:
    return evaluate(program, config={}, region=REGION, functions=cloud.functions, stack=stack)


@dataclass
class Team:
    """The stack of a run, beside that of the monitor."""

    cloud: Sandbox
    run: Deployment

    @property
    def instance_id(self) -> str:
        """The run's instance."""
        return self.run.ids["aws:ec2/instance:Instance llama-ft"]


@pytest.fixture
def team() -> Generator[Team]:
    def monitor() -> dict[str, Any]:
        return {"handle": Monitor("shared", {"watch": [{"bucket": BUCKET}], "s3_events": True}).handle}

    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        handle = _up(cloud, monitor, "platform").outputs["handle"]

        def run() -> None:
            TrainingRun("llama-ft", {"bucket": BUCKET, "command": "true", "s3_events": True, "monitor": handle})

        yield Team(cloud, _up(cloud, run, "team"))


def test_the_monitor_of_the_other_program_ends_the_run(team: Team) -> None:
    team.cloud.run_for(timedelta(hours=1))
    team.cloud.bus.put_object(BUCKET, "runctl/team/llama-ft/done")
    team.cloud.run_for(timedelta(minutes=10))
    assert team.cloud.instance(team.instance_id)["State"]["Name"] == "stopped"
    assert team.cloud.tags(team.instance_id)[names.TAG_OUTCOME] == "succeeded"


def test_its_roles_may_end_the_run_and_its_switch_is_armed(team: Team) -> None:
    rights = EndingRights(team.instance_id)
    assert [name.startswith("shared-function-") for name in rights.watchers()] == [True]
    assert [group.startswith("shared-schedules-") for group in rights.switches()] == [True]


def test_the_program_of_the_run_has_the_alarm_for_silence_and_no_monitor(team: Team) -> None:
    kinds = [each.type.rpartition(":")[2] for each in team.run.resources]
    assert (kinds.count("Function"), kinds.count("MetricAlarm")) == (0, 1)
    (alarm,) = [
        each for each in client("cloudwatch").describe_alarms()["MetricAlarms"] if "silence" in each["AlarmName"]
    ]
    assert alarm["Dimensions"] == [{"Name": "monitor", "Value": "runctl/platform/shared"}]
