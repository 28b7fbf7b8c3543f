"""What is known of an arg that is in part an Output is checked in the preview, and what is not says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runctl_component import InvalidArgs
from runctl_component.args.check_run import check_early

from ..recording import record, unknown

GOOD: dict[str, Any] = {"bucket": "outputs", "command": "python train.py"}


def _refused(args: Callable[[], dict[str, Any]]) -> set[str]:
    """The fields that a preview refuses; Outputs must be made while the program runs."""
    refused: set[str] = set()

    def program() -> None:
        try:
            check_early("llama-ft", {**GOOD, **args()})
        except InvalidArgs as error:
            refused.update(problem.field for problem in error.problems)

    record(program, preview=True)
    return refused


@pytest.mark.parametrize(
    ("args", "fields"),
    [
        (lambda: {"markers": ["a/b", unknown(), "done", "done"]}, {"markers[0]", "markers[3]"}),
        (lambda: {"security_group_ids": [unknown(), "default"]}, {"security_group_ids[1]"}),
        (lambda: {"policy_arns": ["training", unknown()]}, {"policy_arns[0]"}),
        (lambda: {"environment": {"A": unknown(), "B": 1}}, {"environment.B"}),
        (lambda: {"secrets": {"A": unknown(), "B": "hunter2"}}, {"secrets.B"}),
        (lambda: {"tags": {"aws:team": "nlp", "cost": unknown()}}, {"tags.aws:team"}),
        (lambda: {"idle": {"metric": unknown(), "minutes": "60"}}, {"idle.minutes", "idle.threshold"}),
        (lambda: {"stalled": {"patterns": ["/a", unknown()], "minutes": 60}}, {"stalled.patterns[0]"}),
    ],
)
def test_what_is_plain_within_an_arg_is_checked_beside_what_is_unknown_in_it(
    args: Callable[[], dict[str, Any]], fields: set[str]
) -> None:
    assert _refused(args) == fields


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (lambda: {"command": None, "user_data": "#!/bin/sh", "environment": {"A": unknown()}}, "environment"),
        (lambda: {"policy_arns": [unknown()], "iam_instance_profile": "training"}, "policy_arns"),
        (lambda: {"tags": {"cost center": unknown()}}, "tags.cost center"),
        (lambda: {"environment": {"A": unknown()}, "secrets": {"A": unknown()}}, "secrets.A"),
    ],
)
def test_a_list_or_an_object_is_given_whatever_is_unknown_in_it(args: Callable[[], dict[str, Any]], field: str) -> None:
    assert _refused(args) == {field}


def test_an_output_that_may_be_none_contradicts_nothing_yet() -> None:
    assert _refused(lambda: {"server_side_encryption": "AES256", "kms_key_arn": unknown()}) == set()
