"""What is wrong with plain values is found when the program runs, whatever else is still to come."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pulumi
import pytest
from pulumi_aws.ec2 import InstanceType

from runctl_component import InvalidArgs, TrainingRun, TrainingRunArgs
from runctl_component.args.check_run import check_early, resolved_problems
from runctl_component.args.defaults import complete, default_prefix
from runctl_component.args.run_rules import MAX_NAME_CHARACTERS, RESOLVED_RULES
from runctl_component.args.size_limits import MAX_EVENT_INPUT_BYTES
from runctl_component.box.user_data import MAX_USER_DATA_BYTES, Training, render_user_data

from ..recording import record, unknown

GOOD: dict[str, Any] = {"bucket": "outputs", "command": "python train.py"}
LONGEST_NAME = "r" * MAX_NAME_CHARACTERS


def _refused(args: object, name: str = "llama-ft", **how: Any) -> set[str]:
    with pytest.raises(InvalidArgs) as caught:
        check_early(name, cast("dict[str, Any]", args), **how)
    assert str(caught.value)
    return {problem.field for problem in caught.value.problems}


def _refused_beside(field: str, args: dict[str, Any]) -> set[str]:
    """The fields refused while another arg is an Output that is not known yet."""
    refused: set[str] = set()

    def program() -> None:
        refused.update(_refused({**GOOD, **args, field: unknown()}))

    record(program, preview=True)
    return refused


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"grace_seconds": 7200, "max_runtime_hours": 1}, "grace_seconds"),
        ({"initial_interval_seconds": 600}, "initial_interval_seconds"),
        ({"markers": []}, "markers"),
        ({"markers": ["FAILED"]}, "failure_markers[1]"),
        ({"on_complete": "terminate", "terminate_after_days": 3}, "terminate_after_days"),
        ({"spot": "one-time", "terminate_after_days": 3}, "terminate_after_days"),
        ({"max_runtime_hours": 0.1}, "max_runtime_hours"),
        ({"command": "x" * 14_000}, "command"),
        ({"environment": {f"V{n}": "x" * 4000 for n in range(4)}}, "environment"),
        ({"expected_outputs": [f"{n}{'x' * 250}" for n in range(40)]}, "expected_outputs"),
        ({"markers": [f"{n}{'x' * 250}" for n in range(40)], "expected_outputs": ["a"]}, "markers"),
        ({"stalled": {"patterns": [f"{n}{'x' * 250}" for n in range(40)], "minutes": 60}}, "stalled"),
        ({"idle": {"metric": "CPUUtilization", "threshold": 5, "minutes": 60}, "max_runtime_hours": 1}, "idle.minutes"),
        ({"stalled": {"patterns": ["*.pt"], "minutes": 60}, "max_runtime_hours": 1}, "stalled.minutes"),
        ({"spot_max_price": "1"}, "spot_max_price"),
    ],
)
def test_plain_args_that_contradict_each_other_are_refused_beside_an_unknown_bucket(
    args: dict[str, Any], field: str
) -> None:
    assert _refused_beside("bucket", args) == {field}


@pytest.mark.parametrize(
    ("field", "args"),
    [
        ("max_interval_seconds", {"initial_interval_seconds": 600}),
        ("max_runtime_hours", {"grace_seconds": 86_400}),
        ("expected_outputs", {"markers": []}),
        ("markers", {"failure_markers": ["done"]}),
        ("on_complete", {"terminate_after_days": 3, "spot": "one-time"}),
        ("environment", {"command": "x" * 6000}),
    ],
)
def test_what_fits_some_value_of_an_unknown_arg_is_left_to_be_checked_when_that_is_known(
    field: str, args: dict[str, Any]
) -> None:
    def program() -> None:
        check_early("llama-ft", {**GOOD, **args, field: unknown()})

    record(program, preview=True)


def test_code_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "train.py").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert _refused({**GOOD, "code": str(tmp_path)}) == {"code"}


def test_contradictions_and_sizes_stand_beside_the_wrong_fields_in_one_error() -> None:
    wrong = {"instance_type": "g5", "initial_interval_seconds": 600, "command": "x" * 14_000}
    assert _refused({**GOOD, **wrong}) == {"instance_type", "initial_interval_seconds", "command"}


def test_a_resolved_contradiction_is_refused_too() -> None:
    args = {**GOOD, "grace_seconds": 7200, "max_runtime_hours": 1}
    (problem,) = resolved_problems("llama-ft", "team/dev/m", RESOLVED_RULES, args)
    assert str(problem).startswith("grace_seconds: got 7200; accepted: less than max_runtime_hours (1 h)")


def _longest_command(environment: dict[str, str]) -> int:
    text = render_user_data(
        Training(
            command="",
            environment=environment,
            run="llama-ft",
            bucket="outputs",
            prefix=default_prefix("llama-ft"),
            region="ap-northeast-1",
        )
    )
    return MAX_USER_DATA_BYTES - len(text.encode())


@pytest.mark.parametrize("environment", [{}, {"A": "b" * 1000}])
def test_a_command_may_have_the_bytes_that_the_runner_and_the_environment_leave(environment: dict[str, str]) -> None:
    room = _longest_command(environment)
    args = {**GOOD, "environment": environment}
    check_early("llama-ft", {**args, "command": "x" * room})
    with pytest.raises(InvalidArgs, match=rf"command: {room + 1} bytes; accepted: at most {room} bytes"):
        check_early("llama-ft", {**args, "command": "x" * (room + 1)})


def test_a_command_is_measured_in_bytes() -> None:
    assert _refused({**GOOD, "command": "ä" * (_longest_command({}) // 2 + 1)}) == {"command"}


def test_what_takes_most_of_the_user_data_is_told_what_is_left_for_it() -> None:
    environment = dict.fromkeys("ABC", "b" * 4000)
    (message,) = _messages({**GOOD, "command": "x" * 3000, "environment": environment})
    taken, room = map(int, re.findall(r"\d+", message)[:2])
    assert message.startswith("environment: 12")
    shorter = {**environment, "C": "b" * (4000 - (taken - room))}
    check_early("llama-ft", {**GOOD, "command": "x" * 3000, "environment": shorter})


def test_user_data_of_the_callers_own_may_have_what_ec2_takes() -> None:
    own = {"bucket": "outputs", "user_data": "#!" + "ä" * (MAX_USER_DATA_BYTES // 2 - 1)}
    check_early("llama-ft", own)
    assert _refused({**own, "user_data": f"{own['user_data']}x"}) == {"user_data"}


def _accepted(outputs: list[str]) -> bool:
    args = {**GOOD, "prefix": "runs", "expected_outputs": outputs}
    try:
        check_early(LONGEST_NAME, args, monitor=f"team/dev/{LONGEST_NAME}-monitor")
    except InvalidArgs:
        return False
    return True


def test_the_largest_settings_that_are_accepted_make_a_heartbeat_that_fits() -> None:
    full: list[str] = []
    while _accepted([*full, f"{len(full):02d}{'x' * 198}"]):
        full.append(f"{len(full):02d}{'x' * 198}")
    last = next(length for length in range(200, 0, -1) if _accepted([*full, "y" * length]))
    run = {**GOOD, "prefix": "runs", "expected_outputs": [*full, "y" * last]}
    recorded = record(lambda: TrainingRun(LONGEST_NAME, cast("TrainingRunArgs", run)))
    target = recorded.one("Schedule", f"{LONGEST_NAME}-heartbeat").inputs["target"]
    assert len(target["input"].encode()) == MAX_EVENT_INPUT_BYTES


def test_the_tag_of_the_monitor_counts_in_the_size_of_the_heartbeat() -> None:
    outputs = {**GOOD, "expected_outputs": [f"{number:02d}{'x' * 143}" for number in range(50)]}
    check_early("llama-ft", outputs, monitor="team/dev/m")
    assert _refused(outputs, monitor="m" * 256) == {"expected_outputs"}


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"command": "echo \ud800"}, "command"),
        ({"command": "\ufeffecho"}, "command"),
        ({"environment": {"A": "\ud800"}}, "environment.A"),
        ({"tags": {"A": "\ud800"}}, "tags.A"),
        ({"markers": ["a\ud800"]}, "markers[0]"),
        ({"command": None, "user_data": "#!/bin/sh\n\ud800"}, "user_data"),
        ({"prefix": "\ud800"}, "prefix"),
        ({"root_volume_gib": 10**5000}, "root_volume_gib"),
        ({"max_runtime_hours": 10**5000}, "max_runtime_hours"),
        ({"markers": deque(["done"])}, "markers"),
        ({"security_group_ids": deque(["sg-0123456789abcdef0"])}, "security_group_ids"),
        ({"markers": ["done\n"]}, "markers[0]"),
        ({"markers": ["do\x07ne"]}, "markers[0]"),
        ({"markers": ["[z-a]"]}, "markers[0]"),
        ({"markers": ["."]}, "markers[0]"),
        ({"failure_markers": [".."]}, "failure_markers[0]"),
        ({"expected_outputs": ["../x"]}, "expected_outputs[0]"),
        ({"expected_outputs": ["a/[9-0].pt"]}, "expected_outputs[0]"),
        ({"checkpoint_patterns": ["a\nb"]}, "checkpoint_patterns[0]"),
        ({"prefix": "runs/../other"}, "prefix"),
        ({"prefix": "./"}, "prefix"),
        ({"prefix": " "}, "prefix"),
        ({"prefix": "runs/ /x"}, "prefix"),
        ({"prefix": "größe"}, "prefix"),
        ({"spot": "one-time", "spot_max_price": "٣.٢"}, "spot_max_price"),
        ({"iam_instance_profile": "prófile"}, "iam_instance_profile"),
        ({"kms_key_arn": "arn:aws:kms:us-east-1:١٢٣٤٥٦٧٨٩٠١٢:key/a"}, "kms_key_arn"),
    ],
)
def test_what_no_tool_on_the_way_can_carry_is_refused(args: dict[str, Any], field: str) -> None:
    assert _refused({**GOOD, **args}) == {field}


@pytest.mark.parametrize("marker", ["[a-z]", "[!0-9]x", "a-b", "[]-a]", "x[0-9].ok", "..done", "dönë"])
def test_markers_that_something_can_match_are_accepted(marker: str) -> None:
    check_early("llama-ft", {**GOOD, "markers": [marker]})


def test_tuples_and_other_mappings_may_hold_outputs() -> None:
    def program() -> None:
        args = {
            **GOOD,
            "environment": MappingProxyType({"A": pulumi.Output.from_input("b")}),
            "security_group_ids": (pulumi.Output.from_input("sg-0123456789abcdef0"),),
        }
        TrainingRun("llama-ft", cast("TrainingRunArgs", MappingProxyType(args)))

    instance = record(program).one("Instance", "llama-ft").inputs
    assert instance["vpcSecurityGroupIds"] == ["sg-0123456789abcdef0"]
    assert '\n "A": "b"\n' in instance["userData"]


@pytest.mark.parametrize(
    "args",
    [
        {**GOOD, "environment": {"TOKEN": "hunter2" * 1000}},
        {**GOOD, "environment": {"TOKEN": "hunter2\0"}},
        {**GOOD, "environment": {"TOKEN": ["hunter2"]}},
        {**GOOD, "environment": "TOKEN=hunter2"},
        {**GOOD, "enviroment": {"TOKEN": "hunter2"}},
        {"bucket": "outputs", "user_data": "#!/bin/sh", "environment": {"TOKEN": "hunter2"}},
        {**GOOD, "command": "x" * 14_000, "environment": {"TOKEN": "hunter2"}},
    ],
)
def test_no_error_shows_a_value_of_the_environment(args: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgs) as caught:
        check_early("llama-ft", args)
    assert "hunter2" not in str(caught.value)


def test_an_enum_is_the_value_that_it_stands_for() -> None:
    assert type(check_early("llama-ft", {**GOOD, "instance_type": InstanceType.G5_X_LARGE})["instance_type"]) is str
    args = {**GOOD, "instance_type": InstanceType.G5_X_LARGE, "ami": "/images/arm64/latest"}
    assert "the processor of g5.xlarge;" in " ".join(_messages(args))


def test_a_wrong_name_does_not_hide_what_else_is_wrong() -> None:
    assert _refused({**GOOD, "grace_seconds": -1}, "a b") == {"name", "grace_seconds"}


def test_defaults_follow_the_spot_market() -> None:
    assert complete("llama-ft", {"spot": "one-time"})["on_failure"] == "terminate"


def _messages(args: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidArgs) as caught:
        check_early("llama-ft", args)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("prefix", ["/runs/a", "a//b", "a//", "runs/../a/"])
def test_a_prefix_is_shown_as_it_was_written(prefix: str) -> None:
    (message,) = _messages({**GOOD, "prefix": prefix})
    assert message.startswith(f"prefix: got {prefix!r}; accepted: folders")


def test_a_prefix_that_is_too_long_for_the_tag_is_shown_as_it_was_written() -> None:
    (message,) = _messages({**GOOD, "bucket": "b" * 200, "prefix": "p" * 55})
    assert f"got '{'p' * 55}'; accepted: at most 256 characters with bucket and a slash" in message


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            {**GOOD, "enviroment": {"A": "b"}},
            "enviroment: an unknown argument; accepted: a documented argument; did you mean environment?",
        ),
        (
            {**GOOD, "user_data": "#!/bin/sh"},
            "command: given together with user_data; accepted: either command or user_data; remove one of the two",
        ),
        ({"command": "true"}, "bucket: missing; accepted: a value; add bucket"),
    ],
)
def test_words_in_an_error_are_not_quoted_like_values(args: dict[str, Any], message: str) -> None:
    assert _messages(args) == [message]
