"""Names as Python and as other languages write them: in values, in paths and in prose."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from runctl_component.provider.names import Shape, from_python, in_prose, property_path, to_python

NOTHING = Shape()
ARGS = Shape(
    {
        "grace_seconds": ("graceSeconds", NOTHING),
        "idle": ("idle", Shape({"warm_up_minutes": ("warmUpMinutes", NOTHING)})),
        "environment": ("environment", Shape(entries=NOTHING)),
        "watch": ("watch", Shape(entries=Shape({"kms_key_arn": ("kmsKeyArn", NOTHING)}))),
    }
)


def test_names_are_translated_at_every_level() -> None:
    given = {"graceSeconds": 60, "idle": {"warmUpMinutes": 5}, "watch": [{"kmsKeyArn": "arn"}]}
    python = {"grace_seconds": 60, "idle": {"warm_up_minutes": 5}, "watch": [{"kms_key_arn": "arn"}]}
    assert to_python(given, ARGS) == python
    assert from_python(python, ARGS) == given


def test_names_within_an_output_are_translated() -> None:
    async def translate() -> Any:
        idle = pulumi.Output.from_input({"warmUpMinutes": 5})
        return await to_python({"idle": idle}, ARGS)["idle"].future()

    assert asyncio.run(translate()) == {"warm_up_minutes": 5}


def test_the_names_of_a_mapping_are_the_users() -> None:
    variables = {"environment": {"graceSeconds": "a", "grace_seconds": "b"}}
    assert to_python(variables, ARGS) == variables
    assert from_python(variables, ARGS) == variables


def test_the_order_is_the_same_in_whatever_order_names_are_sent() -> None:
    sent = {"environment": {"B": "2", "A": "1"}, "graceSeconds": 60}
    found = to_python(sent, ARGS)
    assert (list(found), list(found["environment"])) == (["grace_seconds", "environment"], ["A", "B"])


def test_an_unknown_name_is_kept_for_the_components_to_refuse() -> None:
    assert to_python({"gracePeriod": 1, "idle": {"warmUp": 2}}, ARGS) == {"gracePeriod": 1, "idle": {"warmUp": 2}}


@pytest.mark.parametrize(("sent", "number"), [(60.0, 60), (0.5, 0.5), (True, True), (-0.0, 0)])
def test_a_number_is_whole_again_where_it_was(sent: float, number: float) -> None:
    found = to_python({"graceSeconds": sent}, ARGS)["grace_seconds"]
    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("grace_seconds", "graceSeconds"),
        ("idle.warm_up_minutes", "idle.warmUpMinutes"),
        ("watch[12].kms_key_arn", "watch[12].kmsKeyArn"),
        ("watch", "watch"),
    ],
)
def test_a_path_is_written_as_the_program_writes_it(field: str, path: str) -> None:
    assert property_path(field, ARGS) == path


@pytest.mark.parametrize("field", ["environment.TOKEN", "environment.a.b", "name", "grace_period", "idle.warm_up"])
def test_what_is_no_argument_has_no_path(field: str) -> None:
    assert property_path(field, ARGS) is None


@pytest.mark.parametrize(
    ("python", "other"),
    [
        ("set grace_seconds to 60", "set graceSeconds to 60"),
        ("`warm_up_minutes`, or (kms_key_arn)", "`warmUpMinutes`, or (kmsKeyArn)"),
        ("watch[0].kms_key_arn", "watch[0].kmsKeyArn"),
        ("training_complete.txt and grace_seconds_more", "training_complete.txt and grace_seconds_more"),
        ("--grace_seconds", "--grace_seconds"),
    ],
)
def test_prose_names_arguments_as_the_program_writes_them(python: str, other: str) -> None:
    assert in_prose(python, ARGS.names()) == other


def test_prose_without_names_is_left_alone() -> None:
    assert in_prose("grace_seconds", []) == "grace_seconds"
