"""The stack program: runs declared in the stack's config."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from runctl_component import InvalidArgs, RunctlError
from runctl_component.stack.program import declare_runs

from ..recording import Recorded, record

RUN = {"bucket": "outputs", "command": "python train.py"}


def _declared(**config: Any) -> Recorded:
    def program() -> dict[str, Any]:
        pulumi.runtime.set_all_config({f"team:{key}": json.dumps(value) for key, value in config.items()})
        exported = declare_runs(pulumi.Config())
        return {f"{run}.{name}": value for run, outputs in exported.items() for name, value in outputs.items()}

    return record(program)


def _functions(recorded: Recorded) -> list[str]:
    return [each.name for each in recorded.resources if each.type.endswith(":Function")]


def test_one_run_gets_a_monitor_of_its_own() -> None:
    assert _functions(_declared(runs={"a": RUN})) == ["a-monitor-function"]


def test_several_runs_share_one_monitor_that_watches_their_prefixes() -> None:
    recorded = _declared(runs={"a": RUN, "b": {**RUN, "prefix": "elsewhere/b", "s3_events": True}})
    assert _functions(recorded) == ["runs-function"]
    policy = recorded.one("RolePolicy", "runs-function").inputs["policy"]
    assert "arn:aws:s3:::outputs/team/dev/a/*" in policy
    assert "arn:aws:s3:::outputs/elsewhere/b/*" in policy


def test_a_monitor_that_is_configured_is_shared_by_one_run_too() -> None:
    assert _functions(_declared(runs={"a": RUN}, monitor={"log_retention_days": 7})) == ["runs-function"]


def test_ids_plan_and_arns_of_each_run_are_exported() -> None:
    outputs = _declared(runs={"a": RUN}).outputs
    assert outputs["a.instance_id"] == "i-0123456789abcdef0"
    assert outputs["a.output_uri"] == "s3://outputs/team/dev/a/"
    assert outputs["a.plan"]["then_every_seconds"] == 300
    assert outputs["a.schedule_arn"].startswith("arn:aws:")


def test_without_runs_the_message_shows_what_to_add() -> None:
    with pytest.raises(RunctlError, match="team:runs:\n    llama-ft:\n      bucket:"):
        _declared()


def test_problems_of_all_runs_are_told_at_once_with_their_config_path() -> None:
    with pytest.raises(InvalidArgs) as caught:
        _declared(runs={"a": {**RUN, "markers": ["x/y"]}, "b": {"command": "x"}}, monitor={"notify": 1})
    assert {problem.field for problem in caught.value.problems} == {
        "team:runs.a.markers[0]",
        "team:runs.b.bucket",
        "team:monitor.notify",
    }


TOPIC = "arn:aws:sns:us-east-1:123456789012:trainings"


def test_a_single_run_has_its_monitor_tell_its_topic() -> None:
    function = _declared(runs={"a": {**RUN, "notify_topic_arn": TOPIC}}).one("Function", "a-monitor-function")
    assert function.inputs["environment"]["variables"]["RUNCTL_NOTIFY_TOPIC_ARN"] == TOPIC


@pytest.mark.parametrize("config", [{"runs": {"b": RUN}}, {"monitor": {"log_retention_days": 7}}])
def test_a_topic_of_a_run_under_a_shared_monitor_is_refused_with_where_it_belongs(config: dict[str, Any]) -> None:
    runs = {"a": {**RUN, "notify_topic_arn": TOPIC}, **config.get("runs", {})}
    with pytest.raises(InvalidArgs) as caught:
        _declared(**{**config, "runs": runs})
    (problem,) = caught.value.problems
    assert problem.field == "team:runs.a.notify_topic_arn"
    assert "team:monitor.notify_topic_arn" in problem.fix


def test_a_silence_that_is_shorter_than_three_heartbeats_of_a_run_is_refused_with_its_config_path() -> None:
    runs = {"a": RUN, "b": {**RUN, "max_interval_seconds": 1200}}
    with pytest.raises(InvalidArgs) as caught:
        _declared(runs=runs, monitor={"silence_minutes": 59})
    assert [problem.field for problem in caught.value.problems] == ["team:monitor.silence_minutes"]
    assert _declared(runs=runs, monitor={"silence_minutes": 60})


@pytest.mark.parametrize("runs", [["a"], "a", 5])
def test_runs_that_are_no_object_are_refused(runs: object) -> None:
    with pytest.raises(InvalidArgs, match="team:runs: got"):
        _declared(runs=runs)
