"""The event rules of a monitor: spot warnings, the hourly audit, markers of each watched bucket; none per run."""

from collections.abc import Sequence
from typing import Any, Protocol

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract.triggers import audit_input
from runctl_component import policies
from runctl_component.args.declared import WatchArgs
from runctl_component.args.defaults import normal_prefix
from runctl_component.args.unknown_values import has_output
from runctl_component.errors import InvalidArgs
from runctl_component.monitor.event_patterns import (
    pattern_problems,
    private_pattern,
    shared_pattern,
    spot_warning_pattern,
)
from runctl_component.policy_documents import to_json

AUDIT_RATE = "rate(1 hour)"


class Woken(Protocol):
    """The monitor, as far as a rule has to know it."""

    name: str
    tag: str
    s3_events: bool
    markers: tuple[str, ...]
    function: aws.lambda_.Function
    dead_letters: aws.sqs.Queue

    def child(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Options of a resource that belongs to it."""
        ...


def create_rules(
    monitor: Woken, watch: Sequence[WatchArgs], exact_markers: pulumi.Input[Sequence[str]] | None
) -> list[pulumi.Resource]:
    """Rules, and the permissions that they need; returns their targets. ``exact_markers``: see `Monitor`."""
    made = [_create_rule(monitor, "spot", spot_warning_pattern()), _create_audit(monitor)]
    if monitor.s3_events:
        for number, entries in enumerate(_by_bucket(watch), start=1):
            made.append(_create_rule(monitor, f"markers-{number}", _pattern(monitor, entries, exact_markers)))
    rule_arns = [rule.arn for rule, _ in made]
    policy = pulumi.Output.all(queue_arn=monitor.dead_letters.arn, rule_arns=rule_arns).apply(
        lambda known: to_json(policies.dead_letter_policy(**known))
    )
    aws.sqs.QueuePolicy(
        f"{monitor.name}-dead-letters", queue_url=monitor.dead_letters.url, policy=policy, opts=monitor.child()
    )
    return [target for _, target in made]


def _by_bucket(watch: Sequence[WatchArgs]) -> list[list[WatchArgs]]:
    """Entries of one bucket together, as far as that is known when the program runs."""
    groups: dict[Any, list[WatchArgs]] = {}
    for entry in watch:
        bucket = entry["bucket"]
        groups.setdefault(id(bucket) if has_output(bucket) else bucket, []).append(entry)
    return list(groups.values())


def _pattern(
    monitor: Woken, entries: Sequence[WatchArgs], exact_markers: pulumi.Input[Sequence[str]] | None
) -> pulumi.Output[str]:
    def build(known: dict[str, Any]) -> str:
        markers: Sequence[str] = known["markers"]
        prefixes = [normal_prefix(prefix or "") for prefix in known["prefixes"]]
        pattern_of = private_pattern if exact_markers is not None else shared_pattern
        pattern = pattern_of(known["bucket"], prefixes, markers)
        problems = list(pattern_problems(pattern))
        if problems:
            raise InvalidArgs(f"Monitor {monitor.name!r}", problems)
        return pattern

    return pulumi.Output.all(
        bucket=entries[0]["bucket"],
        prefixes=[entry.get("prefix") for entry in entries],
        markers=exact_markers if exact_markers is not None else list(monitor.markers),
    ).apply(build)


def _create_rule(
    monitor: Woken, suffix: str, pattern: pulumi.Input[str]
) -> tuple[aws.cloudwatch.EventRule, aws.cloudwatch.EventTarget]:
    name = f"{monitor.name}-{suffix}"
    rule = aws.cloudwatch.EventRule(
        name, description=f"Wakes the monitor {monitor.tag}", event_pattern=pattern, opts=monitor.child()
    )
    return rule, _create_target(monitor, name, rule)


def _create_audit(monitor: Woken) -> tuple[aws.cloudwatch.EventRule, aws.cloudwatch.EventTarget]:
    """A rule, not a schedule: whatever becomes of the schedules, their group and their role, the audit comes."""
    name = f"{monitor.name}-audit"
    rule = aws.cloudwatch.EventRule(
        name,
        description=f"Has the monitor {monitor.tag} audit its runs",
        schedule_expression=AUDIT_RATE,
        opts=monitor.child(),
    )
    return rule, _create_target(monitor, name, rule, audit_input())


def _create_target(
    monitor: Woken, name: str, rule: aws.cloudwatch.EventRule, message: str | None = None
) -> aws.cloudwatch.EventTarget:
    """The function as what the rule invokes, with the event, or with a message in its place."""
    permission = aws.lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=monitor.function.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        opts=monitor.child(),
    )
    return aws.cloudwatch.EventTarget(
        name,
        rule=rule.name,
        arn=monitor.function.arn,
        input=message,
        dead_letter_config={"arn": monitor.dead_letters.arn},
        retry_policy={"maximum_event_age_in_seconds": 300, "maximum_retry_attempts": 3},
        opts=monitor.child([permission]),
    )
