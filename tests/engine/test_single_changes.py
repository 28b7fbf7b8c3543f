"""One change of a run's args each, and what it may touch: all previews of one stack that is up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.engine.steps import EngineFailedError, EngineRun
from tests.engine.deployed import RUN, Deployed, touched

pytestmark = pytest.mark.xdist_group("single changes")

HEARTBEAT = ("update", "Schedule")
RETAGGED = ("update", "Instance")
REPLACED = ("replace", "Instance")
PROVEN_ANEW = ("replace", "Invocation")


def _instance_steps(run: EngineRun) -> list[tuple[str, tuple[str, ...]]]:
    return [(step.operation, step.changed) for step in run.of("Instance") if step.operation in {"update", "replace"}]


HARMLESS: Mapping[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "marker": ({"markers": ["DONE"]}, {HEARTBEAT, RETAGGED}),
    "failure marker": ({"failure_markers": ["CRASHED"]}, {HEARTBEAT, RETAGGED}),
    "expected outputs": ({"expected_outputs": ["model/*.safetensors"]}, {HEARTBEAT, RETAGGED}),
    "first interval": ({"initial_interval_seconds": 120}, {HEARTBEAT}),
    "backoff": ({"backoff_multiplier": 3}, {HEARTBEAT}),
    "grace": ({"grace_seconds": 900}, {HEARTBEAT}),
    "verification": ({"verify_timeout_seconds": 60}, {HEARTBEAT}),
    "checkpoints": ({"checkpoint_patterns": ["checkpoints/*.pt"]}, {HEARTBEAT}),
    "time to save": ({"shutdown_timeout_seconds": 300}, {HEARTBEAT, RETAGGED}),
    "stalled": ({"stalled": {"patterns": ["checkpoints/*.pt"], "minutes": 60}}, {HEARTBEAT}),
    "termination later": ({"terminate_after_days": 7}, {HEARTBEAT}),
    "last words": ({"share_last_words": True}, {HEARTBEAT}),
    "ending of a success": ({"on_complete": "terminate"}, {HEARTBEAT}),
    "ending of a failure": ({"on_failure": "terminate"}, {HEARTBEAT, RETAGGED}),
    "ending at the deadline": ({"on_deadline": "terminate"}, {HEARTBEAT, RETAGGED}),
    "deadline": ({"max_runtime_hours": 48}, {HEARTBEAT, RETAGGED}),
    "own tags": ({"tags": {"team": "ml"}}, {RETAGGED}),
    "bigger volume": ({"root_volume_gib": 500}, {RETAGGED}),
}


@pytest.mark.parametrize(("changed", "allowed"), HARMLESS.values(), ids=HARMLESS)
def test_a_change_of_how_a_run_is_watched_leaves_the_training_alone(
    up: Deployed, changed: dict[str, Any], allowed: set[tuple[str, str]]
) -> None:
    run = up.engine.preview(up.config(**changed))
    assert touched(run)
    assert touched(run) - allowed == set()
    assert not [step for step in run.steps if "replace" in step.operation]
    assert run.diagnostics == ()


def test_a_longer_heartbeat_also_moves_the_alarms_that_count_in_heartbeats(up: Deployed) -> None:
    run = up.engine.preview(up.config(max_interval_seconds=600))
    assert touched(run) <= {HEARTBEAT, ("update", "MetricAlarm")}
    assert HEARTBEAT in touched(run)


REPLACING: Mapping[str, tuple[dict[str, Any], str]] = {
    "command": ({"command": "python train.py --epochs 3"}, "userData"),
    "environment": ({"environment": {"EPOCHS": "3"}}, "userData"),
    "instance type": ({"instance_type": "g5.2xlarge"}, "instanceType"),
    "spot": ({"spot": "persistent"}, "instanceMarketOptions"),
    "key": ({"key_name": "mine"}, "keyName"),
    "image by id": ({"ami": "ami-0123456789abcdef0"}, "ami"),
}


@pytest.mark.parametrize(("changed", "cause"), REPLACING.values(), ids=REPLACING)
def test_a_change_of_the_training_itself_replaces_the_instance_and_says_why(
    up: Deployed, changed: dict[str, Any], cause: str
) -> None:
    run = up.engine.preview(up.config(**changed))
    ((_, paths),) = [step for step in _instance_steps(run) if step[0] == "replace"]
    assert cause in {path.partition(".")[0] for path in paths}
    others = touched(run) - {REPLACED, PROVEN_ANEW, HEARTBEAT, ("create", "Tag")}
    assert others == set()


def test_code_replaces_the_instance_and_is_uploaded_before_it(up: Deployed, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('training')")
    run = up.engine.preview(up.config(code=str(tmp_path)))
    assert touched(run) - {PROVEN_ANEW} == {REPLACED, ("create", "BucketObjectv2")}
    order = [(step.operation, step.type.rpartition(":")[2]) for step in run.steps]
    assert order.index(("create", "BucketObjectv2")) < order.index(("create-replacement", "Instance"))


def test_a_secret_replaces_the_instance_and_is_one_right_more(up: Deployed) -> None:
    reference = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/wandb-AbCdEf:api_key::"
    run = up.engine.preview(up.config(secrets={"WANDB_API_KEY": reference}))
    assert touched(run) - {PROVEN_ANEW} == {REPLACED, ("update", "RolePolicy")}


def test_watching_the_gpus_leaves_the_training_alone(up: Deployed) -> None:
    run = up.engine.preview(up.config(idle={"metric": "gpu", "threshold": 5, "minutes": 30}))
    assert touched(run) == {HEARTBEAT, RETAGGED, ("update", "RolePolicy")}


def test_the_old_training_is_over_before_the_new_one_begins(up: Deployed) -> None:
    """Two trainings must not write to one place."""
    run = up.engine.preview(up.config(command="python train.py --epochs 3"))
    order = [step.operation for step in run.of("Instance")]
    assert order.index("delete-replaced") < order.index("create-replacement")


def test_another_subnet_replaces_the_instance(up: Deployed) -> None:
    subnets = client("ec2").describe_subnets()["Subnets"]
    other = next(subnet["SubnetId"] for subnet in subnets if subnet["SubnetId"] != up.instance()["SubnetId"])
    run = up.engine.preview(up.config(subnet_id=other))
    assert [paths for operation, paths in _instance_steps(run) if operation == "replace"] == [("subnetId",)]


def test_another_prefix_replaces_the_instance_and_moves_what_it_may_write(up: Deployed) -> None:
    run = up.engine.preview(up.config(prefix="runs/other/"))
    assert REPLACED in touched(run)
    assert ("update", "RolePolicy") in touched(run)
    assert {operation for operation, _ in touched(run)} <= {"update", "replace"}


def test_what_is_looked_up_counts_at_creation_alone(up: Deployed) -> None:
    name = "/team/images/newest"
    client("ssm").put_parameter(Name=name, Value="ami-0123456789abcdef0", Type="String")
    assert touched(up.engine.preview(up.config(ami=name))) == set()


def test_events_come_in_addition(up: Deployed) -> None:
    run = up.engine.preview(up.config(s3_events=True))
    created = {kind for operation, kind in touched(run) if operation == "create"}
    assert {"EventRule", "EventTarget", "Permission"} <= created
    assert REPLACED not in touched(run)
    assert {operation for operation, kind in touched(run) if kind != "Invocation"} <= {"create", "update"}


def test_a_topic_is_for_the_monitor_and_leaves_the_training_alone(up: Deployed) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:runs"
    run = up.engine.preview({**up.config(), "runctl:monitor": {"notify_topic_arn": topic}})
    assert {("update", "Function"), ("update", "MetricAlarm")} <= touched(run)
    assert {operation for operation, _ in touched(run)} == {"update"}
    assert _instance_steps(run) == []


@pytest.mark.parametrize(
    ("declared", "touches"),
    [
        ({"dashboard": False}, {("delete", "Dashboard")}),
        ({"log_retention_days": 7}, {("update", "LogGroup")}),
        ({"silence_minutes": 30}, {("update", "MetricAlarm")}),
    ],
    ids=["dashboard", "log", "silence"],
)
def test_what_is_the_monitors_own_touches_nothing_else(
    up: Deployed, declared: dict[str, Any], touches: set[tuple[str, str]]
) -> None:
    run = up.engine.preview({**up.config(), "runctl:monitor": declared})
    assert touched(run) == touches
    assert run.diagnostics == ()


def test_a_second_run_touches_nothing_of_the_first(up: Deployed) -> None:
    other = {"bucket": "runctl-demo-outputs", "prefix": "runs/other/", "command": "python train.py"}
    run = up.engine.preview(up.config_of({"other": other}))
    assert ("create", "Instance") in touched(run)
    assert {operation for operation, kind in touched(run) if kind != "RolePolicy"} == {"create"}


def test_a_run_that_is_taken_away_takes_nothing_else_along(up: Deployed) -> None:
    other = {"bucket": "runctl-demo-outputs", "prefix": "runs/other/", "command": "python train.py"}
    run = up.engine.preview(up.config_of({RUN: None, "other": other}))
    assert {step.name for step in run.of("Instance") if step.operation == "delete"} == {RUN}
    assert {step.name for step in run.of("Instance") if step.operation == "create"} == {"other"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"grace_seconds": -1}, "grace_seconds"),
        ({"colour": "red"}, "colour"),
        ({"instance_type": None, "bucket": None}, "bucket"),
    ],
)
def test_a_mistake_in_the_config_stops_a_preview_with_its_path(
    up: Deployed, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(EngineFailedError, match=f"runctl:runs.{RUN}.{message}"):
        up.engine.preview(up.config(**changed))
