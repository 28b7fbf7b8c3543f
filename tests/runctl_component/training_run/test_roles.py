"""The roles of a run in an organization: their bounds, their path, and what is attached to them."""

from __future__ import annotations

from typing import Any, cast

import pulumi
import pytest

from runctl_component import InvalidArgs, Monitor, MonitorArgs, TrainingRun, TrainingRunArgs

from ..forms import BASE, registered
from ..recording import Recorded, record

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
BOUNDED: dict[str, Any] = {"permissions_boundary_arn": BOUNDARY, "role_path": "/training/"}
DATASETS = "arn:aws:iam::123456789012:policy/datasets"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def bounds(recorded: Recorded) -> set[tuple[str | None, str | None]]:
    """Bound and path of every role."""
    return {(role.inputs.get("permissionsBoundary"), role.inputs.get("path")) for role in recorded.of("Role")}


def test_every_role_of_a_run_and_of_its_own_monitor_is_bounded() -> None:
    recorded = registered({**BASE, **BOUNDED})
    assert (len(recorded.of("Role")), bounds(recorded)) == (3, {(BOUNDARY, "/training/")})
    assert recorded.one("InstanceProfile", "llama-ft-box").inputs["path"] == "/training/"


def test_roles_are_left_to_aws_where_nothing_is_said() -> None:
    assert bounds(registered(BASE)) == {(None, None)}


def test_a_shared_monitor_has_bounds_of_its_own() -> None:
    args = cast("MonitorArgs", {"watch": [{"bucket": "outputs"}], **BOUNDED})
    recorded = record(lambda: Monitor("shared", args))
    assert (len(recorded.of("Role")), bounds(recorded)) == (2, {(BOUNDARY, "/training/")})


def test_policies_are_attached_to_the_instances_role_before_it_boots() -> None:
    recorded = registered({**BASE, "policy_arns": [DATASETS, READ_ONLY]})
    attached = {each.name: each.inputs["policyArn"] for each in recorded.of("RolePolicyAttachment")}
    assert attached == {"llama-ft-box-1": DATASETS, "llama-ft-box-2": READ_ONLY}
    needed = recorded.one("InstanceProfile", "llama-ft-box").depends_on
    assert {each.urn for each in recorded.of("RolePolicyAttachment")} <= set(needed)


def test_a_policy_of_the_same_program_can_be_attached() -> None:
    def program() -> None:
        TrainingRun("llama-ft", {**BASE, "policy_arns": [pulumi.Output.from_input(DATASETS)]})

    attached = record(program).one("RolePolicyAttachment", "llama-ft-box-1")
    assert attached.inputs["policyArn"] == DATASETS


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"role_path": "training"}, "role_path"),
        ({"role_path": "/training"}, "role_path"),
        ({"permissions_boundary_arn": "boundary"}, "permissions_boundary_arn"),
        ({"policy_arns": ["datasets"]}, "policy_arns[0]"),
        ({"policy_arns": [DATASETS] * 11}, "policy_arns"),
        ({"policy_arns": [DATASETS], "iam_instance_profile": "own"}, "policy_arns"),
    ],
)
def test_what_iam_would_not_take_is_refused(args: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgs) as refused:
        registered({**BASE, **args})
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_list_of_policies_that_is_unknown_as_a_whole_is_refused() -> None:
    def program() -> None:
        unknown_list = pulumi.Output.from_input([DATASETS])
        TrainingRun("llama-ft", cast("TrainingRunArgs", {**BASE, "policy_arns": unknown_list}))

    with pytest.raises(InvalidArgs, match="a list, whose entries may be Outputs"):
        record(program)
