"""Each policy as a whole: whether it lets through what it is for, and stops what it must stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runctl_component.policy_documents import PolicyDocument

from .box_cases import FORBIDDEN_TO_THE_BOX, box_calls, instance_policy
from .cases import (
    AWS,
    Call,
    Target,
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
from .evaluator import is_allowed


@dataclass(frozen=True)
class Rule:
    """A policy and whether it lets through what it is for, and stops what it must stop."""

    document: PolicyDocument
    works: Callable[[PolicyDocument], bool]
    holds: Callable[[PolicyDocument], bool]


def passes_role_to_ec2(document: PolicyDocument) -> bool:
    """Whether the scheduler role could be handed to a service that it is not meant for."""
    asked = {"iam:PassedToService": "ec2.amazonaws.com"}
    return is_allowed(document, "iam:PassRole", names(AWS).scheduler_role, asked)


def _calls_rule(document: PolicyDocument, needed: Sequence[Call], forbidden: Sequence[Call]) -> Rule:
    return Rule(
        document,
        lambda changed: not denied_calls(changed, AWS, needed),
        lambda changed: denied_calls(changed, AWS, forbidden) == forbidden and not passes_role_to_ec2(changed),
    )


def _targets_rule(document: PolicyDocument, needed: Sequence[Target], forbidden: Sequence[Target]) -> Rule:
    return Rule(
        document,
        lambda changed: not denied_targets(changed, AWS, needed),
        lambda changed: denied_targets(changed, AWS, forbidden) == forbidden,
    )


RULES = {
    "monitor": _calls_rule(monitor_policy(AWS), monitor_calls(AWS), forbidden_to_the_monitor(AWS)),
    "scheduler": _targets_rule(scheduler_policy(AWS), targets(AWS), forbidden_targets(AWS)),
    "instance": _calls_rule(instance_policy(AWS), box_calls(AWS), FORBIDDEN_TO_THE_BOX),
}
