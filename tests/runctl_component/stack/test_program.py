"""The stack program: runs declared in the stack's config."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from runctl_component import InvalidArgs, RunctlError
from runctl_component.stack.program import declare_runs

from ..args.test_monitor_handle import HANDLE
from ..recording import Recorded, record, short

RUN = {"bucket": "outputs", "command": "python train.py"}
IDLE = {"metric": "CPUUtilization", "threshold": 5, "minutes": 30}


def _declared(**config: Any) -> Recorded:
    def program() -> dict[str, Any]:
        pulumi.runtime.set_all_config({f"team:{key}": json.dumps(value) for key, value in config.items()})
        exported = declare_runs(pulumi.Config())
        return {f"{run}.{name}": value for run, outputs in exported.items() for name, value in outputs.items()}

    return record(program)


def _functions(recorded: Recorded) -> list[str]:
    return [each.name for each in recorded.resources if each.type.endswith(":Function")]


@pytest.mark.parametrize(
    "config",
    [{"runs": {"a": RUN}}, {"runs": {"a": RUN, "b": RUN}}, {"runs": {"a": RUN}, "monitor": {"log_retention_days": 7}}],
    ids=["one run", "two runs", "a declared monitor"],
)
def test_a_stack_has_one_monitor_of_one_name(config: dict[str, Any]) -> None:
    assert _functions(_declared(**config)) == ["runs-function"]


def test_the_monitor_watches_the_folder_of_the_stack_and_the_places_of_runs_elsewhere() -> None:
    recorded = _declared(runs={"a": RUN, "b": RUN, "c": {**RUN, "prefix": "elsewhere/c", "s3_events": True}})
    policy = json.loads(recorded.one("RolePolicy", "runs-function").inputs["policy"])
    (read,) = [each["Resource"] for each in policy["Statement"] if each["Sid"] == "ReadOutputs"]
    assert read == ["arn:aws:s3:::outputs/elsewhere/c/*", "arn:aws:s3:::outputs/team/dev/*"]


def _without(recorded: Recorded, run: str) -> dict[str, object]:
    """Every resource that is not of that run, with all that the engine is told of it."""
    others = [each for each in recorded.resources if each.name != run and not each.name.startswith(f"{run}-")]
    return {each.urn: replace(each, inputs={**each.inputs, "code": ""}) for each in others}


@pytest.mark.parametrize(
    "more", [{}, {"s3_events": True}, {"idle": IDLE}, {"spot": "one-time"}, {"max_interval_seconds": 60}], ids=str
)
@pytest.mark.parametrize("added", ["a", "z"])
def test_a_run_that_is_added_or_removed_touches_nothing_of_the_others(added: str, more: dict[str, Any]) -> None:
    runs = {"llama-ft": {**RUN, "s3_events": True}, added: {**RUN, **more}}
    both = _declared(runs={name: runs[name] for name in sorted(runs)})
    alone = _declared(runs={"llama-ft": runs["llama-ft"]})
    assert len(alone.resources) > 25
    assert _without(both, added) == _without(alone, added)


def test_a_run_elsewhere_adds_its_place_to_policy_and_event_rule_and_changes_nothing_else() -> None:
    runs = {"llama-ft": {**RUN, "s3_events": True}, "z": {**RUN, "s3_events": True, "prefix": "elsewhere"}}
    both, alone = _without(_declared(runs=runs), "z"), _without(_declared(runs={"llama-ft": runs["llama-ft"]}), "z")
    assert both.keys() == alone.keys()
    changed = [short(urn) for urn in both if both[urn] != alone[urn]]
    assert sorted(changed) == ["EventRule runs-markers-1", "RolePolicy runs-function"]


def test_ids_plan_and_arns_of_each_run_are_exported() -> None:
    outputs = _declared(runs={"a": RUN}).outputs
    assert outputs["a.instance_id"] == "i-0123456789abcdef0"
    assert outputs["a.output_uri"] == "s3://outputs/team/dev/a/"
    assert outputs["a.plan"]["then_every_seconds"] == 300
    assert outputs["a.plan_text"].startswith("**a**: a training on one `g5.xlarge`, on demand\n")
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


@pytest.mark.parametrize("args", [None, 5, "train.py", [RUN]])
def test_a_run_that_is_no_object_is_refused_at_its_own_path(args: object) -> None:
    with pytest.raises(InvalidArgs) as caught:
        _declared(runs={"a": RUN, "b": args})
    (problem,) = caught.value.problems
    assert str(problem) == (
        f"team:runs.b: got {args!r}; accepted: an object of args; write at least bucket and command below it"
    )


TOPIC = "arn:aws:sns:us-east-1:123456789012:trainings"


def test_the_monitor_of_a_single_run_notifies_the_topic_that_is_declared_for_it() -> None:
    function = _declared(runs={"a": RUN}, monitor={"notify_topic_arn": TOPIC}).one("Function", "runs-function")
    assert function.inputs["environment"]["variables"]["RUNCTL_NOTIFY_TOPIC_ARN"] == TOPIC


@pytest.mark.parametrize(
    ("field", "value", "kind", "name", "given"),
    [
        ("log_retention_days", 7, "LogGroup", "runs-log", {"retentionInDays": 7}),
        ("silence_minutes", 30, "MetricAlarm", "runs-silence", {"period": 1800}),
    ],
)
def test_what_is_declared_for_the_monitor_of_the_stack_is_its(
    field: str, value: object, kind: str, name: str, given: dict[str, object]
) -> None:
    assert given.items() <= _declared(runs={"a": RUN}, monitor={field: value}).one(kind, name).inputs.items()


def test_the_monitor_of_a_stack_has_no_dashboard_when_the_config_turns_it_off() -> None:
    declared = _declared(runs={"a": RUN}, monitor={"dashboard": False})
    assert declared.of("Dashboard") == []
    assert declared.outputs["a.plan"]["monitor_dollars_per_day"]["dashboard"] == 0


@pytest.mark.parametrize("value", ["off", 0])
def test_a_dashboard_that_is_neither_on_nor_off_is_refused_with_its_config_path(value: object) -> None:
    with pytest.raises(InvalidArgs, match=r"team:monitor\.dashboard: got .*; accepted: true or false"):
        _declared(runs={"a": RUN}, monitor={"dashboard": value})


@pytest.mark.parametrize(("field", "value"), [("log_retention_days", 7), ("silence_minutes", 30), ("dashboard", False)])
def test_what_is_the_monitors_is_refused_for_a_run_with_where_it_belongs(field: str, value: object) -> None:
    with pytest.raises(InvalidArgs) as caught:
        _declared(runs={"a": {**RUN, field: value}})
    (problem,) = caught.value.problems
    assert problem.field == f"team:runs.a.{field}"
    assert problem.fix == f"set team:monitor.{field}, for all of them"


@pytest.mark.parametrize("config", [{}, {"runs": {"b": RUN}}, {"monitor": {"log_retention_days": 7}}])
def test_a_topic_of_a_run_is_refused_with_where_it_belongs(config: dict[str, Any]) -> None:
    runs = {"a": {**RUN, "notify_topic_arn": TOPIC}, **config.get("runs", {})}
    with pytest.raises(InvalidArgs) as caught:
        _declared(**{**config, "runs": runs})
    (problem,) = caught.value.problems
    assert problem.field == "team:runs.a.notify_topic_arn"
    assert "team:monitor.notify_topic_arn" in problem.fix


def test_a_handle_of_another_monitor_is_refused_for_a_run_of_the_stack() -> None:
    with pytest.raises(InvalidArgs, match=r"team:runs\.a\.monitor: a handle; accepted: nothing here") as caught:
        _declared(runs={"a": {**RUN, "monitor": HANDLE}, "b": RUN})
    assert len(caught.value.problems) == 1


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
