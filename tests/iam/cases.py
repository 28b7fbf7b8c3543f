"""Our policies in three partitions, with the calls that each must let through and those that each must stop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from monitor_runtime.contract.names import RECORDED_TAGS, TAG_HOLD_UNTIL
from runctl_component import policies
from runctl_component.policy_documents import PolicyDocument

from .calls import Account, accesses, refused, target_accesses

MONITOR = "project/stack/monitor"
OURS, SPOT, OTHERS, OTHERS_SPOT, UNTAGGED = "i-0aaaaaaaa", "sir-aaaaaaaa", "i-0bbbbbbbb", "sir-bbbbbbbb", "i-0cccccccc"
TAGS = {
    OURS: {"runctl:monitor": MONITOR, "runctl:run": "llama"},
    SPOT: {"runctl:monitor": MONITOR},
    OTHERS: {"runctl:monitor": "project/stack/another"},
    OTHERS_SPOT: {"runctl:monitor": "project/stack/another"},
}
AWS = Account(tags=TAGS)
CHINA = Account("aws-cn", "cn-north-1", tags=TAGS)
GOVERNMENT = Account("aws-us-gov", "us-gov-west-1", tags=TAGS)
ACCOUNTS = pytest.mark.parametrize("account", [AWS, CHINA, GOVERNMENT], ids=lambda account: account.partition)


class Names(NamedTuple):
    """The ARNs of a monitor's own resources in an account."""

    function: str
    scheduler_role: str
    dead_letters: str
    log_group: str
    topic: str
    key: str
    document: str
    topic_key: str


def names(account: Account) -> Names:
    return Names(
        account.arn("lambda", "function:monitor-1234567"),
        f"arn:{account.partition}:iam::{account.account_id}:role/scheduler-1234567",
        account.arn("sqs", "dead-letters-1234567"),
        "/aws/lambda/monitor-1234567",
        account.arn("sns", "endings"),
        account.arn("kms", "key/1234"),
        "runctl-stop-training",
        account.arn("kms", "key/5678"),
    )


def monitor_policy(
    account: Account,
    watch: Sequence[tuple[str, str]] = (("outputs", "runs/llama/"),),
    markers: Sequence[str] | None = None,
) -> PolicyDocument:
    own = names(account)
    return policies.monitor_policy(
        partition=account.partition,
        region=account.region,
        account_id=account.account_id,
        monitor=MONITOR,
        schedule_group="group-1234567",
        scheduler_role_arn=own.scheduler_role,
        dead_letter_arn=own.dead_letters,
        log_group_name=own.log_group,
        stop_document=own.document,
        watch=watch,
        markers=markers,
        notify_topic_arn=own.topic,
        notify_key_arn=own.topic_key,
        kms_key_arns=[own.key],
    )


def scheduler_policy(account: Account) -> PolicyDocument:
    return policies.scheduler_policy(
        partition=account.partition,
        region=account.region,
        account_id=account.account_id,
        monitor=MONITOR,
        function_arn=names(account).function,
        dead_letter_arn=names(account).dead_letters,
    )


Call = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters, as botocore names them."""
Target = dict[str, Any]
"""Of a schedule."""


def tagging(resource: str, *keys: str) -> dict[str, Any]:
    return {"Resources": [resource], "Tags": [{"Key": key, "Value": ""} for key in keys]}


def schedule(account: Account, group: str = "group-1234567", role: str = "") -> dict[str, Any]:
    return {
        "GroupName": group,
        "Name": "llama.follow-up",
        "Target": {"Arn": names(account).function, "RoleArn": role or names(account).scheduler_role},
    }


def log_line(group: str) -> dict[str, Any]:
    return {"logGroupName": group, "logStreamName": "2026/01/01/[$LATEST]ab"}


def through_sns(account: Account) -> str:
    """The name by which KMS knows that SNS asks."""
    return f"sns.{account.region}.amazonaws.com"


def monitor_calls(account: Account) -> list[Call]:
    """Every call that the monitor's function makes."""
    own = names(account)
    return [
        ("ec2", "DescribeInstances", {"InstanceIds": [OURS]}),
        ("ec2", "StopInstances", {"InstanceIds": [OURS], "Force": True}),
        ("ec2", "TerminateInstances", {"InstanceIds": [OURS]}),
        ("ec2", "CancelSpotInstanceRequests", {"SpotInstanceRequestIds": [SPOT]}),
        ("ec2", "CreateTags", tagging(OURS, *RECORDED_TAGS)),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/llama/", "Delimiter": "/"}),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/llama/checkpoints/", "Delimiter": "/"}),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/llama/training_comp", "Delimiter": "/"}),
        ("s3", "GetObject", {"Bucket": "outputs", "Key": "runs/llama/done"}),
        ("s3", "GetObject", {"Bucket": "outputs", "Key": "runs/llama/runctl/started.json"}),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/llama/runctl/started.json", "Delimiter": "/"}),
        ("s3", "ListMultipartUploads", {"Bucket": "outputs", "Prefix": "runs/llama/"}),
        ("s3", "ListParts", {"Bucket": "outputs", "Key": "runs/llama/checkpoints/last.pt", "UploadId": "1"}),
        ("s3", "GetBucketLocation", {"Bucket": "outputs"}),
        ("s3", "GetBucketNotificationConfiguration", {"Bucket": "outputs"}),
        ("kms", "Decrypt", {"KeyId": own.key}),
        ("kms", "Decrypt", {"KeyId": own.topic_key, "ViaService": through_sns(account)}),
        ("kms", "GenerateDataKey", {"KeyId": own.topic_key, "ViaService": through_sns(account)}),
        ("cloudwatch", "GetMetricData", {}),
        ("scheduler", "GetSchedule", {"GroupName": "group-1234567", "Name": "llama"}),
        ("scheduler", "ListSchedules", {"GroupName": "group-1234567"}),
        ("scheduler", "CreateSchedule", schedule(account)),
        ("scheduler", "UpdateSchedule", schedule(account)),
        ("scheduler", "DeleteSchedule", {"GroupName": "group-1234567", "Name": "llama.deadline"}),
        ("ssm", "SendCommand", {"InstanceIds": [OURS], "DocumentName": own.document}),
        ("ssm", "GetCommandInvocation", {"InstanceId": OURS}),
        ("sns", "Publish", {"TopicArn": own.topic}),
        ("sqs", "SendMessage", {"QueueUrl": "https://queues/123456789012/dead-letters-1234567"}),
        ("logs", "CreateLogStream", log_line("/aws/lambda/monitor-1234567")),
        ("logs", "PutLogEvents", log_line("/aws/lambda/monitor-1234567")),
    ]


def forbidden_to_the_monitor(account: Account) -> list[Call]:
    """Calls that look like the monitor's own, each wrong in one thing."""
    other_role = f"arn:{account.partition}:iam::{account.account_id}:role/Administrator"
    return [
        *(
            ("ec2", verb, {"InstanceIds": [id_]})
            for verb in ("StopInstances", "TerminateInstances")
            for id_ in (OTHERS, UNTAGGED)
        ),
        ("ec2", "CancelSpotInstanceRequests", {"SpotInstanceRequestIds": [OTHERS_SPOT]}),
        ("ec2", "CreateTags", tagging(OTHERS, "runctl:outcome")),
        ("ec2", "CreateTags", tagging(OURS, "runctl:monitor")),
        ("ec2", "CreateTags", tagging(OURS, "runctl:outcome", "Name")),
        ("ec2", "CreateTags", tagging(OURS, TAG_HOLD_UNTIL)),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/other/", "Delimiter": "/"}),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/llama", "Delimiter": "/"}),
        ("s3", "ListObjectsV2", {"Bucket": "outputs"}),
        ("s3", "ListObjectsV2", {"Bucket": "another", "Prefix": "runs/llama/", "Delimiter": "/"}),
        ("s3", "GetObject", {"Bucket": "outputs", "Key": "runs/other/done"}),
        ("s3", "GetObject", {"Bucket": "another", "Key": "runs/llama/done"}),
        ("s3", "PutObject", {"Bucket": "outputs", "Key": "runs/llama/done"}),
        ("s3", "ListMultipartUploads", {"Bucket": "another", "Prefix": "runs/llama/"}),
        ("s3", "GetBucketNotificationConfiguration", {"Bucket": "another"}),
        ("scheduler", "GetSchedule", {"GroupName": "default", "Name": "llama"}),
        ("scheduler", "DeleteSchedule", {"GroupName": "group-1234567-other", "Name": "llama"}),
        ("scheduler", "CreateSchedule", schedule(account, group="default")),
        ("scheduler", "CreateSchedule", schedule(account, role=other_role)),
        ("ssm", "SendCommand", {"InstanceIds": [OTHERS], "DocumentName": names(account).document}),
        ("ssm", "SendCommand", {"InstanceIds": [OURS], "DocumentName": "AWS-RunShellScript"}),
        ("ssm", "SendCommand", {"InstanceIds": [OURS], "DocumentName": "another"}),
        ("sns", "Publish", {"TopicArn": account.arn("sns", "another")}),
        ("sqs", "SendMessage", {"QueueUrl": "https://queues/123456789012/another"}),
        ("logs", "PutLogEvents", log_line("/aws/lambda/another")),
        ("lambda", "Invoke", {"FunctionName": names(account).function}),
        ("kms", "Decrypt", {"KeyId": account.arn("kms", "key/another")}),
        ("kms", "Decrypt", {"KeyId": names(account).topic_key}),
        ("kms", "GenerateDataKey", {"KeyId": names(account).topic_key, "ViaService": "s3.us-east-1.amazonaws.com"}),
    ]


def targets(account: Account) -> list[Target]:
    """The targets of the schedules in the monitor's group."""
    own = names(account)
    ec2 = f"arn:{account.partition}:scheduler:::aws-sdk:ec2"
    kept = {"DeadLetterConfig": {"Arn": own.dead_letters}}
    return [
        {"Arn": own.function, **kept},
        {"Arn": f"{ec2}:stopInstances", "Input": json.dumps({"InstanceIds": [OURS]}), **kept},
        {"Arn": f"{ec2}:terminateInstances", "Input": json.dumps({"InstanceIds": [OURS]}), **kept},
    ]


def forbidden_targets(account: Account) -> list[Target]:
    ec2 = f"arn:{account.partition}:scheduler:::aws-sdk:ec2"
    return [
        {"Arn": account.arn("lambda", "function:another")},
        {"Arn": f"{ec2}:stopInstances", "Input": json.dumps({"InstanceIds": [OTHERS]})},
        {"Arn": f"{ec2}:terminateInstances", "Input": json.dumps({"InstanceIds": [UNTAGGED]})},
    ]


def denied_calls(document: PolicyDocument, account: Account, calls: Sequence[Call]) -> list[Call]:
    """The calls that do not go through."""
    return [call for call in calls if refused(document, accesses(*call, account))]


def denied_targets(document: PolicyDocument, account: Account, invoked: Sequence[Target]) -> list[Target]:
    """The targets that the scheduler cannot invoke."""
    return [target for target in invoked if refused(document, target_accesses(target, account))]
