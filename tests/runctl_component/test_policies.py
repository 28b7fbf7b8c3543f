"""The policies: all that is done is allowed, nothing beside it is, and nothing in them is idle."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from runctl_component import policies
from runctl_component.policy_documents import PolicyDocument

from ..iam.box_cases import FORBIDDEN_TO_THE_BOX, box_calls, instance_policy
from ..iam.calls import Account
from ..iam.cases import (
    ACCOUNTS,
    AWS,
    denied_calls,
    denied_targets,
    forbidden_targets,
    forbidden_to_the_monitor,
    monitor_calls,
    monitor_policy,
    names,
    scheduler_policy,
    targets,
)
from ..iam.evaluator import is_allowed
from ..iam.rules import RULES, Rule, passes_role_to_ec2
from ..monitor_runtime.stated_results import STATED


@ACCOUNTS
def test_every_call_of_the_monitor_is_allowed(account: Account) -> None:
    assert denied_calls(monitor_policy(account), account, monitor_calls(account)) == []


def test_the_calls_that_are_proven_are_those_that_the_monitors_tests_record() -> None:
    by_aws_itself = {"kms", "logs", "sqs"}
    proven = {f"{service}:{operation}" for service, operation, _ in monitor_calls(AWS) if service not in by_aws_itself}
    assert proven == {call for _, call in STATED}


@ACCOUNTS
def test_whatever_is_not_the_monitors_business_is_denied_to_it(account: Account) -> None:
    forbidden = forbidden_to_the_monitor(account)
    assert denied_calls(monitor_policy(account), account, forbidden) == forbidden


@ACCOUNTS
def test_every_target_of_the_schedules_can_be_invoked(account: Account) -> None:
    assert denied_targets(scheduler_policy(account), account, targets(account)) == []


@ACCOUNTS
def test_the_scheduler_invokes_no_other_function_and_ends_no_instance_of_others(account: Account) -> None:
    forbidden = forbidden_targets(account)
    assert denied_targets(scheduler_policy(account), account, forbidden) == forbidden


@ACCOUNTS
def test_every_call_of_the_box_is_allowed(account: Account) -> None:
    assert denied_calls(instance_policy(account), account, box_calls(account)) == []


@ACCOUNTS
def test_the_box_reaches_nothing_outside_its_prefix(account: Account) -> None:
    assert denied_calls(instance_policy(account), account, FORBIDDEN_TO_THE_BOX) == FORBIDDEN_TO_THE_BOX


def test_the_scheduler_role_is_passed_to_no_other_service() -> None:
    assert not passes_role_to_ec2(monitor_policy(AWS))


def without_one_action() -> list[Any]:
    """Each policy with one action left out."""
    cases: list[Any] = []
    for name, rule in RULES.items():
        for index, statement in enumerate(rule.document["Statement"]):
            for action in statement["Action"]:
                reduced = copy.deepcopy(rule.document)
                reduced["Statement"][index]["Action"].remove(action)
                cases.append(pytest.param(rule, reduced, id=f"{name}-{statement['Sid']}-{action}"))
    return cases


def without_one_condition() -> list[Any]:
    """Each policy with one condition left out."""
    cases: list[Any] = []
    for name, rule in RULES.items():
        for index, statement in enumerate(rule.document["Statement"]):
            for operator in statement.get("Condition", {}):
                widened = copy.deepcopy(rule.document)
                del widened["Statement"][index]["Condition"][operator]
                cases.append(pytest.param(rule, widened, id=f"{name}-{statement['Sid']}-{operator}"))
    return cases


@pytest.mark.parametrize(("rule", "reduced"), without_one_action())
def test_no_action_is_idle(rule: Rule, reduced: PolicyDocument) -> None:
    assert not rule.works(reduced)


@pytest.mark.parametrize(("rule", "widened"), without_one_condition())
def test_no_condition_is_idle(rule: Rule, widened: PolicyDocument) -> None:
    assert not rule.holds(widened)


@ACCOUNTS
def test_only_the_schedules_of_the_group_in_the_account_get_the_scheduler_role(account: Account) -> None:
    group = account.arn("scheduler", "schedule-group/group-1234567")
    trust = policies.scheduler_trust(account_id=account.account_id, schedule_group_arn=group)

    def gets_it(account_id: str, source: str) -> bool:
        asked = {"aws:SourceAccount": account_id, "aws:SourceArn": source}
        return is_allowed(trust, "sts:AssumeRole", "", asked, principal="scheduler.amazonaws.com")

    stranger = group.replace(account.account_id, "999999999999")
    assert [
        gets_it(account.account_id, group),
        gets_it(account.account_id, group + "-other"),
        gets_it("999999999999", group),
        gets_it("999999999999", stranger),
    ] == [True, False, False, False]


def test_only_lambda_gets_the_monitors_role() -> None:
    services = ["lambda.amazonaws.com", "ec2.amazonaws.com"]
    got = [is_allowed(policies.lambda_trust(), "sts:AssumeRole", "", principal=service) for service in services]
    assert got == [True, False]


@pytest.mark.parametrize(
    ("partition", "service"),
    [("aws", "ec2.amazonaws.com"), ("aws-us-gov", "ec2.amazonaws.com"), ("aws-cn", "ec2.amazonaws.com.cn")],
)
def test_ec2_gets_the_instances_role_under_the_name_it_has_in_the_partition(partition: str, service: str) -> None:
    assert is_allowed(policies.instance_trust(partition), "sts:AssumeRole", "", principal=service)


def test_only_the_rules_of_the_monitor_may_leave_events_in_its_queue() -> None:
    queue, ours = names(AWS).dead_letters, AWS.arn("events", "rule/spot-1234567")
    document = policies.dead_letter_policy(queue_arn=queue, rule_arns=[ours])
    left = [
        is_allowed(document, "sqs:SendMessage", queue, {"aws:SourceArn": rule}, principal="events.amazonaws.com")
        for rule in (ours, AWS.arn("events", "rule/another"))
    ]
    assert left == [True, False]
