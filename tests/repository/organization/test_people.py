"""The policies for roles and for people: whom they let do what, asked of the evaluator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from monitor_runtime.contract.names import TAG_HOLD_UNTIL

from ...iam.box_cases import box_calls, instance_policy
from ...iam.calls import Access, Account, accesses, refused, target_accesses
from ...iam.cases import AWS, monitor_calls, monitor_policy, scheduler_policy, targets
from ...iam.evaluator import Policy, is_allowed
from .page import policies

OURS, DEV, OTHERS, UNTAGGED = "i-0aaaaaaaa", "i-0dddddddd", "i-0bbbbbbbb", "i-0cccccccc"
ACCOUNT = Account(
    tags={
        OURS: {"runctl:monitor": "nlp/prod/runs", "runctl:run": "llama-ft"},
        DEV: {"runctl:monitor": "nlp/dev/runs", "runctl:run": "bert"},
        OTHERS: {"runctl:monitor": "vision/prod/runs", "runctl:run": "llama-ft"},
    }
)
EVERYTHING: Policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
WHO = "Who may hold or end whose run"
(BOUNDARY,) = policies("Bounded roles with a path")
TEAM, GUARD = policies(WHO)

Call = tuple[str, dict[str, Any]]


def _actions(policy: Policy) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def test_in_the_boundary_is_all_that_the_roles_do() -> None:
    calls = [*monitor_calls(AWS), *box_calls(AWS)]
    asked = [access for call in calls for access in accesses(*call, AWS)]
    asked += [access for target in targets(AWS) for access in target_accesses(target, AWS)]
    assert len(asked) > 60
    assert refused(BOUNDARY, asked) == []


def test_in_the_boundary_is_nothing_that_no_role_does() -> None:
    used = {
        action
        for policy in (monitor_policy(AWS), scheduler_policy(AWS), instance_policy(AWS))
        for action in _actions(policy)
    }
    bounds = _actions(BOUNDARY)
    assert [bound for bound in bounds if not any(_covers(bound, action) for action in used)] == []
    assert not is_allowed(BOUNDARY, "iam:CreateRole", "*")


def _covers(pattern: str, action: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action) is not None


def _holding(instance: str, *keys: str) -> dict[str, Any]:
    return {"Resources": [instance], "Tags": [{"Key": key, "Value": "2030-01-31T18:00:00Z"} for key in keys]}


def _goes(policy: Policy | Sequence[Policy], call: Call, role: str = "arn:aws:iam::123456789012:role/engineer") -> bool:
    caller = {"aws:PrincipalArn": role}
    asked = [
        Access(action, resource, {**context, **caller}) for action, resource, context in accesses("ec2", *call, ACCOUNT)
    ]
    return refused(policy, asked) == []


def _ending_and_holding(instance: str) -> list[Call]:
    return [
        ("StopInstances", {"InstanceIds": [instance]}),
        ("TerminateInstances", {"InstanceIds": [instance]}),
        ("CreateTags", _holding(instance, TAG_HOLD_UNTIL)),
        ("DeleteTags", _holding(instance, TAG_HOLD_UNTIL)),
    ]


@pytest.mark.parametrize(
    ("instance", "may"),
    [(OURS, True), (DEV, True), (OTHERS, False), (UNTAGGED, False)],
    ids=["own", "dev", "others", "no run"],
)
def test_a_team_holds_and_ends_its_own_runs_alone(instance: str, may: bool) -> None:
    assert [_goes(TEAM, call) for call in _ending_and_holding(instance)] == [may] * 4


@pytest.mark.parametrize(
    "call",
    [
        ("CreateTags", _holding(OURS, "runctl:monitor")),
        ("CreateTags", _holding(OURS, TAG_HOLD_UNTIL, "runctl:outcome")),
        ("DeleteTags", _holding(OURS, "runctl:schedule")),
        ("DeleteTags", {"Resources": [OURS]}),
    ],
    ids=["another monitor", "an outcome", "no schedule", "all tags"],
)
def test_a_team_changes_no_tag_but_the_hold_of_its_run(call: Call) -> None:
    assert not _goes(TEAM, call)


def test_a_person_can_be_let_hold_and_end_one_stack_or_one_run() -> None:
    stack = _with_condition("StringLike", "aws:ResourceTag/runctl:monitor", "nlp/prod/*")
    run = _with_condition("StringEquals", "aws:ResourceTag/runctl:run", "llama-ft")
    allowed = [
        [all(_goes(policy, call) for call in _ending_and_holding(each)) for each in (OURS, DEV)]
        for policy in (stack, run)
    ]
    assert allowed == [[True, False], [True, False]]


def _with_condition(operator: str, key: str, value: str) -> Policy:
    """The team's policy with what the page says of narrower ones."""
    statements: list[dict[str, Any]] = []
    for statement in TEAM["Statement"]:
        condition = statement.get("Condition")
        if condition:
            further = {**condition, operator: {**condition.get(operator, {}), key: value}}
            statements.append({**statement, "Condition": further})
    return {**TEAM, "Statement": statements}


@pytest.mark.parametrize("key", ["runctl:monitor", "Runctl:Run", "runctl:schedule", "runctl:output"])
@pytest.mark.parametrize("operation", ["CreateTags", "DeleteTags"])
def test_the_tags_of_a_run_are_for_whoever_deploys(operation: str, key: str) -> None:
    call = (operation, _holding(OURS, key))
    assert not _goes([EVERYTHING, GUARD], call)
    assert _goes([EVERYTHING, GUARD], call, "arn:aws:iam::123456789012:role/deploy/nlp")


def test_the_guard_lets_tags_be_written_that_are_not_a_runs_and_all_be_deleted_by_nobody() -> None:
    calls: list[Call] = [("CreateTags", _holding(OURS, key)) for key in (TAG_HOLD_UNTIL, "owner")]
    assert [_goes([EVERYTHING, GUARD], call) for call in calls] == [True, True]
    assert not _goes([EVERYTHING, GUARD], ("DeleteTags", {"Resources": [OURS]}))
