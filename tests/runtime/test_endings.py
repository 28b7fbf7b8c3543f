"""The archive in Lambda's own runtime: each way in which a run ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor_runtime.contract.settings import Idle, Stalled
from sandbox.aws.boto import client
from tests.runtime.conftest import Deployed
from tests.runtime.on_lambda import OnLambda


@pytest.mark.parametrize(
    ("marker", "body", "outcome"),
    [
        ("done", b"", "succeeded"),
        ("training_complete.txt", b'{"exit_code": 0}', "succeeded"),
        ("FAILED", b"", "failed"),
        ("done", b'{"exit_code": 1}', "failed"),
    ],
)
def test_a_marker_ends_the_run_after_its_grace_period(run: OnLambda, marker: str, body: bytes, outcome: str) -> None:
    run.wrote(marker, body, minutes=6)
    answer = run.invoke()
    assert (answer.body["outcome"], run.state, answer.body["problems"]) == (outcome, "stopped", [])
    assert [message["outcome"] for message in run.messages()] == [outcome]


def test_a_run_without_its_checkpoints_ends_as_unverified(deployed: Deployed) -> None:
    with deployed.run(checkpoint_patterns=("final.pt",)) as run:
        run.wrote("done", minutes=20)
        answer = run.invoke()
        assert (answer.body["outcome"], run.state) == ("unverified", "stopped")


def test_a_run_that_writes_nothing_more_ends_as_stalled(deployed: Deployed) -> None:
    with deployed.run(stalled=Stalled(("checkpoints/*.pt",), 60)) as run:
        run.wrote("checkpoints/1.pt", minutes=61)
        answer = run.invoke()
        assert (answer.body["outcome"], run.state) == ("stalled", "stopped")


def test_a_run_that_rests_ends_as_idle(deployed: Deployed) -> None:
    with deployed.run(idle=Idle("CPUUtilization", 5, 20, warm_up_minutes=10)) as run:
        now = datetime.now(UTC)
        client("cloudwatch").put_metric_data(
            Namespace="AWS/EC2",
            MetricData=[
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": [{"Name": "InstanceId", "Value": run.instance_id}],
                    "Timestamp": now - timedelta(minutes=minutes),
                    "Value": 1.0,
                }
                for minutes in range(0, 120, 5)
            ],
        )
        answer = run.invoke()
        assert (answer.body["outcome"], run.state) == ("idle", "stopped")


def test_a_run_past_its_deadline_ends(run: OnLambda) -> None:
    run.launched(hours=25)
    answer = run.invoke()
    assert (answer.body["outcome"], run.state) == ("deadline", "stopped")


def test_a_persistent_spot_request_is_cancelled_before_its_instance_is_terminated(run: OnLambda) -> None:
    run.make_spot("persistent")
    run.wrote("done", minutes=6)
    answer = run.invoke()
    assert (answer.body["outcome"], run.state) == ("succeeded", "stopped")
