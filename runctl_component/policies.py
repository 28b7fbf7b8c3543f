"""IAM policies: who may do what, and nothing besides; pure functions from names and ARNs to policy documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from monitor_runtime.contract.names import RECORDED_TAGS, STARTED, TAG_MONITOR
from monitor_runtime.contract.rules import Problem
from runctl_component.agent_actions import AGENT_ACTIONS

MAX_MARKERS_CHARACTERS = 4096
"""What the markers may take of a role's policy."""
_SET = re.compile(r"\[!?\]?[^]]*\]")
PolicyDocument = dict[str, Any]
"""A policy as `to_json` writes it."""

MAX_ROLE_POLICY_CHARACTERS = 10_240
"""All inline policies of a role together: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
ANY_RESOURCE = "*"
"""Only for actions that know no resource type, and for those of the SSM agent."""


def to_json(document: PolicyDocument) -> str:
    """The same text for the same permissions: keys and lists sorted, so that previews stay quiet."""
    return json.dumps(_sorted(document), sort_keys=True, separators=(",", ":"))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return sorted((_sorted(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))  # pyright: ignore[reportUnknownVariableType]
    return value


def _document(*statements: PolicyDocument) -> PolicyDocument:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(
    sid: str, actions: Iterable[str], resources: Iterable[str], condition: Mapping[str, Any] | None = None
) -> PolicyDocument:
    allowed: PolicyDocument = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**allowed, "Condition": dict(condition)} if condition else allowed


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
        _allow("KeepFailedEvents", ["sqs:SendMessage"], [dead_letter_arn]),
        _allow(
            "Log",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"arn:{partition}:logs:{region}:{account_id}:log-group:{log_group_name}:log-stream:*"],
        ),
    ]
    schedules = f"arn:{partition}:scheduler:{region}:{account_id}:schedule/{schedule_group}/*"
    return _document(
        *_run_statements(partition, f"{region}:{account_id}", monitor, stop_document),
        *_schedule_statements(schedules, scheduler_role_arn),
        *queue_and_log,
        *_bucket_statements(partition, watch, markers),
        *([_allow("Notify", ["sns:Publish"], [notify_topic_arn])] if notify_topic_arn else []),
        *([_topic_key_statement(partition, region, notify_key_arn)] if notify_key_arn else []),
        *([_allow("ReadEncryptedMarkers", ["kms:Decrypt"], kms_key_arns)] if kms_key_arns else []),
    )


def _topic_key_statement(partition: str, region: str, key_arn: str) -> PolicyDocument:
    """Publish to a topic that is encrypted with the key; SNS alone is let use it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    hosts = [f"sns.{region}.amazonaws.com"]
    if partition == "aws-cn":
        hosts.append(f"{hosts[0]}.cn")
    through_sns = {"StringEquals": {"kms:ViaService": hosts}}
    return _allow("EncryptNotifications", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn], through_sns)


def _run_statements(partition: str, place: str, monitor: str, stop_document: str) -> list[PolicyDocument]:
    """See, end, tag and signal the instances that carry the monitor's tag. ``place`` is ``region:account``."""
    ec2 = f"arn:{partition}:ec2:{place}"
    mine = {"StringEquals": {f"aws:ResourceTag/{TAG_MONITOR}": monitor}}
    # These know no resource type: not even the group of the schedules.
    look = ["cloudwatch:GetMetricData", "ec2:DescribeInstances", "scheduler:ListSchedules", "ssm:GetCommandInvocation"]
    return [
        _allow("Look", look, [ANY_RESOURCE]),
        _allow("EndRuns", ["ec2:StopInstances", "ec2:TerminateInstances"], [f"{ec2}:instance/*"], mine),
        _allow("CancelSpot", ["ec2:CancelSpotInstanceRequests"], [f"{ec2}:spot-instances-request/*"], mine),
        _allow("Record", ["ec2:CreateTags"], [f"{ec2}:instance/*"], {**mine, **_only_these_tags()}),
        _allow("Signal", ["ssm:SendCommand"], [f"{ec2}:instance/*"], mine),
        _allow("SignalByDocument", ["ssm:SendCommand"], [f"arn:{partition}:ssm:{place}:document/{stop_document}"]),
    ]


def _schedule_statements(schedules: str, scheduler_role_arn: str) -> list[PolicyDocument]:
    """Make, read and remove the runs' schedules, with the role that these need."""
    only_to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    verbs = ("Create", "Delete", "Get", "Update")
    return [
        _allow("Schedule", [f"scheduler:{verb}Schedule" for verb in verbs], [schedules]),
        _allow("HandOverSchedulerRole", ["iam:PassRole"], [scheduler_role_arn], only_to_scheduler),
    ]


def _bucket_statements(
    partition: str, watch: Sequence[tuple[str, str]], markers: Sequence[str] | None
) -> list[PolicyDocument]:
    """List what the runs write, and read their markers."""
    buckets = [_bucket_arn(partition, bucket) for bucket in sorted({bucket for bucket, _ in watch})]
    # ListBucketMultipartUploads knows no condition on the prefix.
    whole = ["s3:GetBucketLocation", "s3:GetBucketNotification", "s3:ListBucketMultipartUploads"]
    return [
        _allow("KnowBuckets", whole, buckets),
        *_list_statements(partition, watch),
        *_object_statements(partition, sorted(set(watch)), markers),
    ]


def _object_statements(
    partition: str, watch: Sequence[tuple[str, str]], markers: Sequence[str] | None
) -> list[PolicyDocument]:
    """Read markers, and follow uploads wherever they go; in one statement where both are the same places."""
    read, follow = "s3:GetObject", "s3:ListMultipartUploadParts"
    places = [_objects_arn(partition, *watched) for watched in watch]
    readable = _marker_arns(partition, watch, markers)
    if readable == places:
        return [_allow("ReadOutputs", [read, follow], places)]
    return [_allow("ReadMarkers", [read], readable), _allow("FollowUploads", [follow], places)]


def _marker_arns(partition: str, watch: Sequence[tuple[str, str]], markers: Sequence[str] | None) -> list[str]:
    """Where markers and the box's report may lie: anywhere, where the names are not known or take too much room."""
    if markers is not None:
        names = sorted({STARTED, *map(_at_least, markers)})
        exact = [f"{_bucket_arn(partition, bucket)}/{prefix}{name}" for bucket, prefix in watch for name in names]
        if sum(map(len, exact)) <= MAX_MARKERS_CHARACTERS:
            return exact
    return [_objects_arn(partition, *watched) for watched in watch]


def _at_least(marker: str) -> str:
    """All that a marker's pattern matches, in IAM's wildcards: it has no sets, and ``$`` may begin a variable.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    return _SET.sub("*", marker).replace("$", "?")


def _only_these_tags() -> PolicyDocument:
    return {"ForAllValues:StringEquals": {"aws:TagKeys": list(RECORDED_TAGS)}}


def _bucket_arn(partition: str, bucket: str) -> str:
    return f"arn:{partition}:s3:::{bucket}"


def _objects_arn(partition: str, bucket: str, prefix: str) -> str:
    return f"{_bucket_arn(partition, bucket)}/{prefix}*"


def _list_statements(partition: str, watch: Sequence[tuple[str, str]]) -> Iterator[PolicyDocument]:
    """One statement for all buckets that are watched under the same prefixes."""
    prefixes: dict[str, set[str]] = {}
    for bucket, prefix in watch:
        prefixes.setdefault(bucket, set()).add(prefix)
    buckets: dict[tuple[str, ...], list[str]] = {}
    for bucket, watched in sorted(prefixes.items()):
        buckets.setdefault(tuple(sorted(watched)), []).append(bucket)
    for number, (watched, together) in enumerate(sorted(buckets.items()), start=1):
        yield _list_statement(f"ListOutputs{number}", partition, together, watched)


def _list_statement(sid: str, partition: str, buckets: Sequence[str], prefixes: Sequence[str]) -> PolicyDocument:
    below = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    return _allow(sid, ["s3:ListBucket"], [_bucket_arn(partition, bucket) for bucket in buckets], below)


def scheduler_policy(
    *, partition: str, region: str, account_id: str, monitor: str, function_arn: str, dead_letter_arn: str
) -> PolicyDocument:
    """What EventBridge Scheduler does: call the function, throw the deadline switch, keep what it cannot deliver."""
    instances = f"arn:{partition}:ec2:{region}:{account_id}:instance/*"
    mine = {"StringEquals": {f"aws:ResourceTag/{TAG_MONITOR}": monitor}}
    return _document(
        _allow("CallMonitor", ["lambda:InvokeFunction"], [function_arn]),
        _allow("ThrowDeadlineSwitch", ["ec2:StopInstances", "ec2:TerminateInstances"], [instances], mine),
        _allow("KeepFailedEvents", ["sqs:SendMessage"], [dead_letter_arn]),
    )


def instance_policy(*, partition: str, bucket: str, prefix: str, kms_key_arns: Sequence[str] = ()) -> PolicyDocument:
    """What a training does: write its outputs, and read them back when it is started again; under its prefix alone.

    The SSM agent is let work beside it, by which the training is signalled and a person gets a shell.
    """
    statements = [
        _allow(
            "OwnOutputs",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            [_objects_arn(partition, bucket, prefix)],
        ),
        _list_statement("ListOwnOutputs", partition, [bucket], [prefix]),
        _allow("Agent", AGENT_ACTIONS, [ANY_RESOURCE]),
    ]
    if kms_key_arns:
        # A multipart upload decrypts the data key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
        statements.append(_allow("UseKeys", ["kms:Decrypt", "kms:GenerateDataKey"], kms_key_arns))
    return _document(*statements)


def _trust(service: str, condition: Mapping[str, Any] | None = None) -> PolicyDocument:
    trusted: PolicyDocument = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return _document({**trusted, "Condition": dict(condition)} if condition else trusted)


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
    allowed = _allow(
        "KeepFailedEvents", ["sqs:SendMessage"], [queue_arn], {"ArnEquals": {"aws:SourceArn": list(rule_arns)}}
    )
    return _document({**allowed, "Principal": {"Service": ["events.amazonaws.com"]}})


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
