"""What a run tells of itself: how to get onto its instance, where its log is, which role and monitor it has."""

from __future__ import annotations

from typing import Any, cast

import pytest

from monitor_runtime.contract import names
from runctl_component import TrainingRun, TrainingRunArgs
from runctl_component.training_run.locations import OUTPUTS

from ..forms import BASE
from ..recording import INSTANCE_ID, record


def outputs(args: object = BASE) -> dict[str, Any]:
    """All of them, resolved."""

    def program() -> dict[str, Any]:
        run = TrainingRun("llama-ft", cast("TrainingRunArgs", args))
        return {output: getattr(run, output) for output in OUTPUTS}

    return record(program).outputs


def test_a_shell_on_the_instance_is_one_command_away() -> None:
    assert outputs()["connect"] == f"aws ssm start-session --region us-east-1 --target {INSTANCE_ID}"


@pytest.mark.parametrize(
    ("args", "place"),
    [
        (BASE, "s3://outputs/team/dev/llama-ft/runctl/"),
        ({"bucket": "outputs", "user_data": "#!/bin/sh\n"}, "/var/log/cloud-init-output.log"),
    ],
)
def test_the_log_is_where_whoever_writes_it_puts_it(args: object, place: str) -> None:
    assert outputs(args)["logs"] == place


def test_the_log_is_stored_beside_the_report_of_the_start() -> None:
    assert outputs()["logs"].endswith(names.STARTED.rpartition("/")[0] + "/")


def test_the_role_is_that_of_the_instance_and_unknown_where_the_profile_is_the_callers() -> None:
    assert outputs()["role_name"].startswith("llama-ft-box")
    assert outputs({**BASE, "iam_instance_profile": "own"})["role_name"] is None


def test_the_monitor_of_a_run_can_be_given_to_another_program() -> None:
    handle = outputs()["handle"]
    assert '"monitor": "team/dev/llama-ft-monitor"' in handle or '"monitor":"team/dev/llama-ft-monitor"' in handle


def test_every_output_is_described() -> None:
    assert set(OUTPUTS) == set(TrainingRun.__annotations__)
