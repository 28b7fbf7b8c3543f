"""Bad input gets one error that names every field, the value, what is accepted and what to do."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from typing import Any, cast, get_args

import pulumi
import pytest

from runctl_component import InvalidArgs, Monitor, MonitorArgs, TrainingRun, TrainingRunArgs
from runctl_component.args.check_run import check_early
from runctl_component.args.declared import IdleArgs, StalledArgs, WatchArgs
from runctl_component.args.declared import TrainingRunArgs as RunArgs
from runctl_component.args.defaults import default_prefix
from runctl_component.args.run_rules import PLAIN, RUN_RULES

from ..forms import KEY
from ..recording import record
from .bad_values import BAD

GOOD: dict[str, Any] = {"bucket": "outputs", "command": "python train.py"}
UNKNOWN = [("marker", ["done"]), ("grace_second", 5), ("Bucket", "outputs")]
CASES = [*((field, value) for field, values in BAD.items() for value in values), *UNKNOWN]


def _problems(args: object, name: str = "llama-ft") -> InvalidArgs:
    with pytest.raises(InvalidArgs) as caught:
        check_early(name, cast("Mapping[str, Any]", args))
    return caught.value


def test_every_arg_has_values_that_are_refused() -> None:
    assert set(BAD) == set(RUN_RULES)
    assert all(BAD.values())


@pytest.mark.parametrize(("field", "value"), CASES, ids=[f"{field}={str(value)[:30]!r}" for field, value in CASES])
def test_a_bad_value_is_refused_and_its_field_named(field: str, value: object) -> None:
    error = _problems({**GOOD, field: value})
    assert [problem for problem in error.problems if problem.field.startswith(field)], str(error)
    assert all(problem.accepted and problem.fix for problem in error.problems)


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"bucket": "outputs"}, "command"),
        ({**GOOD, "user_data": "#!/bin/sh"}, "command"),
        ({"bucket": "outputs", "user_data": "#!/bin/sh", "environment": {"A": "b"}}, "environment"),
        ({"command": "x"}, "bucket"),
        ({**GOOD, "spot": "one-time", "on_complete": "stop"}, "on_complete"),
        ({**GOOD, "spot": "one-time", "on_deadline": "stop"}, "on_deadline"),
        ({**GOOD, "spot": "persistent", "on_deadline": "terminate"}, "on_deadline"),
        ({**GOOD, "bucket": "b" * 200, "prefix": "p" * 55}, "prefix"),
        ({**GOOD, "spot_max_price": "1"}, "spot_max_price"),
        ({**GOOD, "spot": "one-time", "spot_max_price": "0"}, "spot_max_price"),
        ({**GOOD, "on_complete": "terminate", "terminate_after_days": 3}, "terminate_after_days"),
        ({**GOOD, "grace_seconds": 3600, "max_runtime_hours": 1}, "grace_seconds"),
        ({**GOOD, "initial_interval_seconds": 600}, "initial_interval_seconds"),
        ({**GOOD, "instance_type": "g5g.xlarge", "ami": "/images/x86_64/latest"}, "ami"),
        ({**GOOD, "instance_type": "g5.xlarge", "ami": "/images/arm64/latest"}, "ami"),
        ({**GOOD, "root_volume_gib": 74}, "root_volume_gib"),
        ({**GOOD, "notify_key_arn": KEY}, "notify_key_arn"),
        ({**GOOD, "markers": []}, "markers"),
        ({**GOOD, "markers": ["FAILED"]}, "failure_markers[1]"),
        ({**GOOD, "failure_markers": ["FAILED", "*.txt"]}, "failure_markers[1]"),
        ({**GOOD, "markers": ["run-*.done"], "failure_markers": ["run-*"]}, "failure_markers[0]"),
        ({**GOOD, "markers": ["*.t[x]t"], "failure_markers": ["*_complete.txt"]}, "failure_markers[0]"),
        ({**GOOD, "markers": [], "expected_outputs": ["a"], "failure_markers": ["*.txt"]}, "failure_markers[0]"),
        ({**GOOD, "markers": ["[! -\u2fff]"]}, "markers"),
        ({**GOOD, "failure_markers": ["[! -\u2fff]"]}, "failure_markers"),
        ({**GOOD, "expected_outputs": ["runctl/started.json"]}, "expected_outputs[0]"),
        ({**GOOD, "idle": {"metric": "CPUUtilization", "threshold": 5, "minutes": 60}, "max_runtime_hours": 1}, "idle"),
        ({**GOOD, "stalled": {"patterns": ["*.pt"], "minutes": 60}, "max_runtime_hours": 1}, "stalled"),
        ({**GOOD, "expected_outputs": [f"{n}{'x' * 250}" for n in range(40)]}, "expected_outputs"),
    ],
)
def test_args_that_contradict_each_other_are_refused(args: dict[str, Any], field: str) -> None:
    assert [problem for problem in _problems(args).problems if problem.field.startswith(field)]


@pytest.mark.parametrize("name", ["", "a b", "ü", "-a", "a.b", "x" * 38, "a/b"])
def test_a_name_after_which_nothing_can_be_named_is_refused(name: str) -> None:
    assert [problem for problem in _problems(GOOD, name).problems if problem.field == "name"]


@pytest.mark.parametrize(
    "more",
    [
        {"prefix": "runs/llama"},
        {"prefix": ""},
        {"max_interval_seconds": 60, "initial_interval_seconds": 60},
        {"grace_seconds": 0},
        {"max_runtime_hours": 0},
        {"max_runtime_hours": 0.5, "grace_seconds": 60},
        {"markers": [], "expected_outputs": ["model/*.pt"]},
        {"markers": ["done-*", "run[0-9].ok"]},
        {"markers": ["*.txt"], "failure_markers": ["*_failed.txt"]},
        {"markers": ["*.txt"], "failure_markers": ["training_failed.txt"]},
        {"expected_outputs": ["runctl.json", "out/runctl/a"]},
        {"expected_outputs": ["checkpoints/epoch-*/model.pt"], "checkpoint_patterns": ["*/[ab]/?.pt"]},
        {"spot": "persistent", "on_complete": "stop"},
        {"spot": "persistent", "on_complete": "terminate", "on_failure": "terminate"},
        {"spot": "persistent", "on_deadline": "report"},
        {"bucket": "b" * 200, "prefix": "p" * 54},
        {"bucket": "Outputs_of-2017"},
        {"bucket": "outputs-123456789012-us-west-2-an"},
        {"bucket": "s3alias", "prefix": "a"},
        {"bucket": "1.2.3.4.5"},
        {"kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"},
        {"kms_key_arn": KEY.replace("arn:aws:", "arn:aws-us-gov:").replace("us-east-1", "us-gov-west-1")},
        {"kms_key_arn": KEY.replace("arn:aws:", "arn:aws-eusc:").replace("us-east-1", "eusc-de-east-1")},
        {"subnet_id": "subnet-01234567", "security_group_ids": ["sg-01234567"]},
        {"iam_instance_profile": "team+a=b,c.d@e_f-g"},
        {"notify_topic_arn": "arn:aws-cn:sns:cn-north-1:123456789012:trainings"},
        {"spot": "one-time", "on_complete": "report"},
        {"tags": {"team": "nlp", "cost-center": "42"}},
        {"environment": {"A_1": "x y 'z'"}},
        {"backoff_multiplier": 1},
        {"ami": None},
        {"ami": "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"},
        {"ami": "/images/arm64/latest", "instance_type": "g5g.xlarge"},
        {"root_volume_gib": 75},
        {"root_volume_gib": 8, "ami": "ami-0123456789abcdef0"},
        {"root_volume_gib": 8, "instance_type": "c7i.large"},
        {"command": "python a.py\npython b.py --lr 1e-4 # ü"},
    ],
)
def test_what_is_sensible_is_accepted(more: dict[str, Any]) -> None:
    check_early("llama-ft", {**GOOD, **more})


@pytest.mark.parametrize("key", ["cost center", "team/nlp", "Kostenstelle ü", ".", "_index"])
def test_a_tag_that_the_metadata_service_does_not_show_is_for_instances_that_do_not_read_theirs(key: str) -> None:
    check_early("llama-ft", {"bucket": "outputs", "user_data": "#!/bin/sh\n", "tags": {key: "x"}})
    (problem,) = _problems({**GOOD, "tags": {key: "x"}}).problems
    assert (problem.field, problem.accepted[:12]) == (f"tags.{key}", "with command")


@pytest.mark.parametrize("key", ["a*b", " a", "a ", "", "a\nb", "x" * 129])
def test_a_tag_that_no_service_accepts_is_refused_with_user_data_too(key: str) -> None:
    bad = {"bucket": "outputs", "user_data": "#!/bin/sh\n", "tags": {key: "x"}}
    assert {problem.field for problem in _problems(bad).problems} == {f"tags.{key}"}


def test_the_place_of_a_run_may_be_as_long_as_a_tag_and_no_longer() -> None:
    fits = 255 - len(default_prefix("llama-ft"))
    check_early("llama-ft", {**GOOD, "bucket": "b" * fits})
    assert [problem.field for problem in _problems({**GOOD, "bucket": "b" * (fits + 1)}).problems] == ["prefix"]


def test_all_problems_stand_in_one_error_and_nothing_is_registered() -> None:
    bad = {**GOOD, "markers": ["a/b"], "bucket": "", "max_interval_seconds": 90, "marker": ["done"]}
    caught: list[InvalidArgs] = []

    def program() -> None:
        try:
            TrainingRun("llama-ft", cast("TrainingRunArgs", bad))
        except InvalidArgs as error:
            caught.append(error)

    recorded = record(program)
    (error,) = caught
    assert {problem.field for problem in error.problems} == {"markers[0]", "bucket", "max_interval_seconds", "marker"}
    assert "did you mean markers?" in str(error)
    assert recorded.resources == []


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("instnce_type", "instance_type"),
        ("maxRuntimeHours", "max_runtime_hours"),
        ("Bucket", "bucket"),
        ("secret", "secrets"),
        ("subnet", "subnet_id"),
        ("on_success", "on_complete"),
        ("onSuccess", "on_complete"),
        ("on_error", "on_failure"),
        ("image", "ami"),
    ],
)
def test_a_misspelled_argument_is_told_what_it_may_mean(key: str, meant: str) -> None:
    (problem,) = _problems({**GOOD, key: "hunter2"}).problems
    assert (problem.field, problem.fix) == (key, f"did you mean {meant}?")


@pytest.mark.parametrize("key", ["region", "timeout", "env", "volume_size", "role_arn", "name"])
def test_an_argument_that_is_like_no_other_is_told_which_there_are(key: str) -> None:
    (problem,) = _problems({**GOOD, key: "hunter2"}).problems
    assert (problem.fix, problem.accepted) == ("remove it", ", ".join(sorted(RUN_RULES)))


def test_a_synonym_is_no_argument_of_a_monitor_that_has_none_of_its_meaning() -> None:
    with pytest.raises(InvalidArgs, match=r"on_success: an unknown argument; accepted: dashboard, .*; remove it"):
        Monitor("shared", cast("MonitorArgs", {"watch": [{"bucket": "outputs"}], "on_success": "stop"}))


def _fields_refused_beside_an_output(field: str, plain: dict[str, Any]) -> list[str]:
    refused: list[str] = []

    def program() -> None:
        error = _problems({**GOOD, **plain, field: pulumi.Output.from_input("outputs")})
        refused.extend(problem.field for problem in error.problems)

    record(program)
    return refused


def test_plain_values_are_checked_beside_outputs() -> None:
    assert _fields_refused_beside_an_output("bucket", {"grace_seconds": -1}) == ["grace_seconds"]


@pytest.mark.parametrize("field", ["spot", "s3_events"])
def test_what_decides_about_resources_must_be_plain(field: str) -> None:
    assert _fields_refused_beside_an_output(field, {}) == [field]


def test_what_can_be_declared_within_an_arg_is_what_its_rule_names() -> None:
    for field, declared in (("idle", IdleArgs), ("stalled", StalledArgs)):
        (problem,) = RUN_RULES[field](field, 5)
        assert {*re.findall(r"\w+(?=,|$)", problem.accepted)} == {*declared.__annotations__}


@pytest.mark.parametrize("kind", [RunArgs, MonitorArgs, WatchArgs, IdleArgs, StalledArgs])
def test_every_arg_has_a_description(kind: type) -> None:
    (source,) = [each for each in ast.parse(inspect.getsource(kind)).body if isinstance(each, ast.ClassDef)]
    fields = [index for index, each in enumerate(source.body) if isinstance(each, ast.AnnAssign)]
    described = [ast.get_source_segment(inspect.getsource(kind), source.body[index + 1]) or "" for index in fields]
    assert len(fields) == len(kind.__annotations__)
    assert all(text.startswith('"""') and len(text) > len('""""""') for text in described)


def test_what_decides_about_resources_is_typed_as_plain() -> None:
    hints = RunArgs.__annotations__
    assert [get_args(hints[field]) for field in PLAIN] == [(str,), (bool,), (bool,), (str,)]


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({}, "watch"),
        ({"watch": []}, "watch"),
        ({"watch": "outputs"}, "watch"),
        ({"watch": ["outputs"]}, "watch[0]"),
        ({"watch": [{"prefix": "a"}]}, "watch[0].bucket"),
        ({"watch": [{"bucket": "A"}]}, "watch[0].bucket"),
        ({"watch": [{"bucket": "outputs--use1-az4--x-s3"}]}, "watch[0].bucket"),
        ({"watch": [{"bucket": "outputs", "kms_key_arn": "alias/key"}]}, "watch[0].kms_key_arn"),
        ({"watch": [{"bucket": "outputs", "prefx": "a"}]}, "watch[0].prefx"),
        ({"watch": [{"bucket": "outputs"}], "notify_topic_arn": "alerts"}, "notify_topic_arn"),
        (
            {
                "watch": [{"bucket": "outputs"}],
                "notify_topic_arn": "arn:aws:sns:us-east-1:123456789012:alerts.fifo",
            },
            "notify_topic_arn",
        ),
        ({"watch": [{"bucket": "outputs"}], "log_retention_days": 8}, "log_retention_days"),
        ({"watch": [{"bucket": "outputs"}], "silence_minutes": 1}, "silence_minutes"),
        ({"watch": [{"bucket": "outputs"}], "s3_events": "yes"}, "s3_events"),
        ({"watch": [{"bucket": "outputs"}], "markers": ["a/b"]}, "markers[0]"),
        ({"watch": [{"bucket": "outputs"}], "notify": "x"}, "notify"),
    ],
)
def test_a_bad_arg_of_a_monitor_is_refused_and_named(args: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgs) as caught:
        Monitor("shared", cast("MonitorArgs", args))
    assert field in [problem.field for problem in caught.value.problems]
