"""Where a run writes that is given no prefix: below its project and its stack."""

from __future__ import annotations

from typing import Any

import pytest

from runctl_component import InvalidArgs, TrainingRun, TrainingRunArgs

from ..recording import record

RUN: TrainingRunArgs = {"bucket": "outputs", "command": "python3 train.py"}


def _output_uri(stack: str = "dev", **args: Any) -> str:
    def program() -> dict[str, Any]:
        return {"output_uri": TrainingRun("llama-ft", {**RUN, **args}).output_uri}  # pyright: ignore[reportArgumentType]

    return record(program, stack=stack).outputs["output_uri"]


def test_two_stacks_of_one_program_write_to_two_places() -> None:
    assert [_output_uri(stack) for stack in ("dev", "prod")] == [
        "s3://outputs/team/dev/llama-ft/",
        "s3://outputs/team/prod/llama-ft/",
    ]


def test_a_prefix_of_none_is_the_default() -> None:
    assert _output_uri(prefix=None) == "s3://outputs/team/dev/llama-ft/"


@pytest.mark.parametrize("stack", ["dev", "dev.2", "my-organization/team/dev", "dev_2-b"])
def test_every_usual_name_of_a_stack_makes_a_prefix(stack: str) -> None:
    assert _output_uri(stack) == f"s3://outputs/team/{stack}/llama-ft/"


def _refused(project: str = "team", stack: str = "dev", **args: Any) -> str:
    def program() -> None:
        TrainingRun("llama-ft", {**RUN, **args})  # pyright: ignore[reportArgumentType]

    with pytest.raises(InvalidArgs) as caught:
        record(program, project=project, stack=stack)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize("stack", ["..", "."])
def test_a_stack_whose_name_makes_no_prefix_needs_one(stack: str) -> None:
    message = _refused(stack=stack)
    assert message.startswith(f"prefix: missing, and by default 'team/{stack}/llama-ft/', of project, stack and run;")
    assert message.endswith("; set it, for example to runs/llama-ft")


def test_names_that_together_are_too_long_need_a_prefix() -> None:
    message = _refused(project="p" * 100, stack="s" * 82)
    assert "accepted: at most 190 characters; set it, for example to runs/llama-ft" in message
    assert _output_uri("s" * 82)


def test_names_that_are_too_long_with_the_bucket_need_a_shorter_prefix() -> None:
    message = _refused(bucket="b" * 200, stack="s" * 50)
    assert "'; accepted: at most 256 characters with bucket and a slash" not in message
    assert "of project, stack and run; accepted: at most 256 characters with bucket and a slash" in message
    assert message.endswith("; set one that is shorter by 10")


def test_a_prefix_makes_up_for_names_that_make_none() -> None:
    def program() -> None:
        TrainingRun("llama-ft", {**RUN, "prefix": "runs/llama-ft"})

    assert record(program, project="p" * 100, stack="s" * 100).one("Instance", "llama-ft")
