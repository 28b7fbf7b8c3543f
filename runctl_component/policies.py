"""IAM policies: who may do what, and nothing besides; pure functions from names and ARNs to policy documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor_runtime.contract.names import RECORDED_TAGS, STARTED, TAG_MONITOR
from monitor_runtime.contract.rules import Problem
from runctl_component.policy_documents import (
    ANY_RESOURCE,
    PolicyDocument,
    allow,
    bucket_arn,
    document,
    list_statement,
    objects_arn,
    to_json,
)

MAX_MARKERS_CHARACTERS = 4096
"""What the markers may take of a role's policy."""
_SET = re.compile(r"\[!?\]?[^]]*\]")

MAX_ROLE_POLICY_CHARACTERS = 10_240
"""All inline policies of a role together: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def monitor_policy(
    *,
    partition: str,
    region: str,
    account_id: str,
    monitor: str,
    schedule_group: str,
    scheduler_role_arn: str,
    dead_letter_arn: str,
    log_group_name: str,
    stop_document: str,
    watch: Sequence[tuple[str, str]],
    markers: Sequence[str] | None = None,
    notify_topic_arn: str | None = None,
    notify_key_arn: str | None = None,
    kms_key_arns: Sequence[str] = (),
) -> PolicyDocument:
    """What the monitor's function does.

    ``monitor`` is the value of the tag `TAG_MONITOR` on the instances that it may touch. ``watch`` lists buckets and
    prefixes: the document grows with them, never with the runs. ``markers`` are the names of all markers, which lie
    directly under the prefixes, where these are known. ``kms_key_arns`` are the keys of watched buckets that
    are encrypted with keys of your own.
    """
    queue_and_log = [
        allow("KeepFailedEvents", ["sqs:SendMessage"], [dead_letter_arn]),
        allow(
            "Log",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"arn:{partition}:logs:{region}:{account_id}:log-group:{log_group_name}:log-stream:*"],
        ),
    ]
    schedules = f"arn:{partition}:scheduler:{region}:{account_id}:schedule/{schedule_group}/*"
    return document(
        *_run_statements(partition, f"{region}:{account_id}", monitor, stop_document),
        *_schedule_statements(schedules, scheduler_role_arn),
        *queue_and_log,
        *_bucket_statements(partition, watch, markers),
        *([allow("Notify", ["sns:Publish"], [notify_topic_arn])] if notify_topic_arn else []),
        *([_topic_key_statement(partition, region, notify_key_arn)] if notify_key_arn else []),
        *([allow("ReadEncryptedMarkers", ["kms:Decrypt"], kms_key_arns)] if kms_key_arns else []),
    )


def _topic_key_statement(partition: str, region: str, key_arn: str) -> PolicyDocument:
    """Publish to a topic that is encrypted with the key; SNS alone is let use it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    hosts = [f"sns.{region}.amazonaws.com"]
    if partition == "aws-cn":
        hosts.append(f"{hosts[0]}.cn")
    through_sns = {"StringEquals": {"kms:ViaService": hosts}}
    return allow("EncryptNotifications", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn], through_sns)


def _run_statements(partition: str, place: str, monitor: str, stop_document: str) -> list[PolicyDocument]:
    """See, end, tag and signal the instances that carry the monitor's tag. ``place`` is ``region:account``."""
    ec2 = f"arn:{partition}:ec2:{place}"
    mine = {"StringEquals": {f"aws:ResourceTag/{TAG_MONITOR}": monitor}}
    # These know no resource type: not even the group of the schedules.
    look = ["cloudwatch:GetMetricData", "ec2:DescribeInstances", "scheduler:ListSchedules", "ssm:GetCommandInvocation"]
    return [
        allow("Look", look, [ANY_RESOURCE]),
        allow("EndRuns", ["ec2:StopInstances", "ec2:TerminateInstances"], [f"{ec2}:instance/*"], mine),
        allow("CancelSpot", ["ec2:CancelSpotInstanceRequests"], [f"{ec2}:spot-instances-request/*"], mine),
        allow("Record", ["ec2:CreateTags"], [f"{ec2}:instance/*"], {**mine, **_only_these_tags()}),
        allow("Signal", ["ssm:SendCommand"], [f"{ec2}:instance/*"], mine),
        allow("SignalByDocument", ["ssm:SendCommand"], [f"arn:{partition}:ssm:{place}:document/{stop_document}"]),
    ]


def _schedule_statements(schedules: str, scheduler_role_arn: str) -> list[PolicyDocument]:
    """Make, read and remove the runs' schedules, with the role that these need."""
    only_to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    verbs = ("Create", "Delete", "Get", "Update")
    return [
        allow("Schedule", [f"scheduler:{verb}Schedule" for verb in verbs], [schedules]),
        allow("HandOverSchedulerRole", ["iam:PassRole"], [scheduler_role_arn], only_to_scheduler),
    ]


def _bucket_statements(
    partition: str, watch: Sequence[tuple[str, str]], markers: Sequence[str] | None
) -> list[PolicyDocument]:
    """List what the runs write, and read their markers."""
    buckets = [bucket_arn(partition, bucket) for bucket in sorted({bucket for bucket, _ in watch})]
    # ListBucketMultipartUploads knows no condition on the prefix.
    whole = ["s3:GetBucketLocation", "s3:GetBucketNotification", "s3:ListBucketMultipartUploads"]
    return [
        allow("KnowBuckets", whole, buckets),
        *_list_statements(partition, watch),
        *_object_statements(partition, sorted(set(watch)), markers),
    ]


def _object_statements(
    partition: str, watch: Sequence[tuple[str, str]], markers: Sequence[str] | None
) -> list[PolicyDocument]:
    """Read markers, and follow uploads wherever they go; in one statement where both are the same places."""
    read, follow = "s3:GetObject", "s3:ListMultipartUploadParts"
    places = [objects_arn(partition, *watched) for watched in watch]
    readable = _marker_arns(partition, watch, markers)
    if readable == places:
        return [allow("ReadOutputs", [read, follow], places)]
    return [allow("ReadMarkers", [read], readable), allow("FollowUploads", [follow], places)]


def _marker_arns(partition: str, watch: Sequence[tuple[str, str]], markers: Sequence[str] | None) -> list[str]:
    """Where markers and the box's report may lie: anywhere, where the names are not known or take too much room."""
    if markers is not None:
        names = sorted({STARTED, *map(_at_least, markers)})
        exact = [f"{bucket_arn(partition, bucket)}/{prefix}{name}" for bucket, prefix in watch for name in names]
        if sum(map(len, exact)) <= MAX_MARKERS_CHARACTERS:
            return exact
    return [objects_arn(partition, *watched) for watched in watch]


def _at_least(marker: str) -> str:
    """All that a marker's pattern matches, in IAM's wildcards: it has no sets, and ``$`` may begin a variable.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    return _SET.sub("*", marker).replace("$", "?")


def _only_these_tags() -> PolicyDocument:
    return {"ForAllValues:StringEquals": {"aws:TagKeys": list(RECORDED_TAGS)}}


def _list_statements(partition: str, watch: Sequence[tuple[str, str]]) -> Iterator[PolicyDocument]:
    """One statement for all buckets that are watched under the same prefixes."""
    prefixes: dict[str, set[str]] = {}
    for bucket, prefix in watch:
        prefixes.setdefault(bucket, set()).add(prefix)
    buckets: dict[tuple[str, ...], list[str]] = {}
    for bucket, watched in sorted(prefixes.items()):
        buckets.setdefault(tuple(sorted(watched)), []).append(bucket)
    for number, (watched, together) in enumerate(sorted(buckets.items()), start=1):
        yield list_statement(f"ListOutputs{number}", partition, together, watched)


def scheduler_policy(
    *, partition: str, region: str, account_id: str, monitor: str, function_arn: str, dead_letter_arn: str
) -> PolicyDocument:
    """What EventBridge Scheduler does: call the function, throw the deadline switch, keep what it cannot deliver."""
    instances = f"arn:{partition}:ec2:{region}:{account_id}:instance/*"
    mine = {"StringEquals": {f"aws:ResourceTag/{TAG_MONITOR}": monitor}}
    return document(
        allow("CallMonitor", ["lambda:InvokeFunction"], [function_arn]),
        allow("ThrowDeadlineSwitch", ["ec2:StopInstances", "ec2:TerminateInstances"], [instances], mine),
        allow("KeepFailedEvents", ["sqs:SendMessage"], [dead_letter_arn]),
    )


def _trust(service: str, condition: Mapping[str, Any] | None = None) -> PolicyDocument:
    trusted: PolicyDocument = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return document({**trusted, "Condition": dict(condition)} if condition else trusted)


def lambda_trust() -> PolicyDocument:
    """The monitor's role is Lambda's to assume."""
    return _trust("lambda.amazonaws.com")


def scheduler_trust(*, account_id: str, schedule_group_arn: str) -> PolicyDocument:
    """The scheduler role works for the schedules of one group alone.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    return _trust(
        "scheduler.amazonaws.com",
        {"StringEquals": {"aws:SourceAccount": account_id}, "ArnEquals": {"aws:SourceArn": schedule_group_arn}},
    )


def instance_trust(partition: str) -> PolicyDocument:
    """The instance's role is EC2's to assume; China has a service name of its own."""
    return _trust("ec2.amazonaws.com.cn" if partition == "aws-cn" else "ec2.amazonaws.com")


def dead_letter_policy(*, queue_arn: str, rule_arns: Sequence[str]) -> PolicyDocument:
    """The queue's policy: these EventBridge rules may leave here what they cannot deliver."""
    allowed = allow(
        "KeepFailedEvents", ["sqs:SendMessage"], [queue_arn], {"ArnEquals": {"aws:SourceArn": list(rule_arns)}}
    )
    return document({**allowed, "Principal": {"Service": ["events.amazonaws.com"]}})


def size_problems(field: str, document: PolicyDocument) -> Iterator[Problem]:
    """Whether a role can hold the document as its one inline policy; ``field`` names what makes it grow."""
    size = len(to_json(document))
    if size > MAX_ROLE_POLICY_CHARACTERS:
        yield Problem(
            field,
            found=f"a policy of {size} characters",
            accepted=f"places that fit into a policy of {MAX_ROLE_POLICY_CHARACTERS} characters (IAM's limit)",
            fix="watch one common prefix instead of one prefix a run, or divide the runs among several monitors",
        )
