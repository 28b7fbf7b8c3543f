"""What IAM asks about a call of AWS: the actions, the resources and the condition keys, for every call of ours.

From the service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from runctl_component.agent_actions import AGENT_ACTIONS

from .evaluator import Context, Policy, is_allowed

Parameters = Mapping[str, Any]


class Access(NamedTuple):
    """One question to IAM; a call may ask several."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class Account:
    """Where the calls are made, and the tags of the instances and spot requests that they name, by id."""

    partition: str = "aws"
    region: str = "us-east-1"
    account_id: str = "123456789012"
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of the account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def tag_keys(self, resource_id: str, prefix: str = "aws:ResourceTag") -> dict[str, str]:
        """The condition keys that a resource's tags make."""
        return {f"{prefix}/{key}": value for key, value in self.tags.get(resource_id, {}).items()}


def accesses(service: str, operation: str, parameters: Parameters, account: Account) -> list[Access]:
    """What IAM is asked for a call, named as botocore names it, with the parameters given to botocore."""
    try:
        ask = _CALLS[service, operation]
    except KeyError:
        raise NotImplementedError(f"{service}:{operation} is not in tests/iam/calls.py") from None
    return list(ask(parameters, account))


def target_accesses(target: Parameters, account: Account) -> list[Access]:
    """What IAM asks the role of a schedule when EventBridge Scheduler invokes this target, or fails to."""
    invoked = str(target["Arn"])
    _, _, universal = invoked.partition(":aws-sdk:ec2:")
    if universal:
        asked = accesses("ec2", universal[0].upper() + universal[1:], json.loads(target["Input"]), account)
    else:
        asked = [Access("lambda:InvokeFunction", invoked, {})]
    if "DeadLetterConfig" in target:
        asked.append(Access("sqs:SendMessage", target["DeadLetterConfig"]["Arn"], {}))
    return asked


def refused(policies: Policy | Sequence[Policy], asked: Sequence[Access]) -> list[Access]:
    """The accesses that the policies do not allow; empty means that the call goes through."""
    return [access for access in asked if not is_allowed(policies, access.action, access.resource, access.context)]


def _plain(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(_: Parameters, __: Account) -> Iterator[Access]:
        yield Access(action, "*", {})

    return ask


def _instances(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, account: Account) -> Iterator[Access]:
        for instance_id in parameters["InstanceIds"]:
            yield Access(action, account.arn("ec2", f"instance/{instance_id}"), account.tag_keys(instance_id))

    return ask


def _create_tags(parameters: Parameters, account: Account) -> Iterator[Access]:
    kinds = {"i": "instance", "sir": "spot-instances-request"}
    tags = {entry["Key"]: entry["Value"] for entry in parameters["Tags"]}
    for resource_id in parameters["Resources"]:
        kind = kinds[resource_id.partition("-")[0]]
        context: dict[str, str | Sequence[str]] = {**account.tag_keys(resource_id), "aws:TagKeys": list(tags)}
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        yield Access("ec2:CreateTags", account.arn("ec2", f"{kind}/{resource_id}"), context)


def _delete_tags(parameters: Parameters, account: Account) -> Iterator[Access]:
    """Without keys, all tags are deleted, and there is no condition key that would say so."""
    keys = [entry["Key"] for entry in parameters.get("Tags", [])]
    named: dict[str, str | Sequence[str]] = {"aws:TagKeys": keys} if keys else {}
    for resource_id in parameters["Resources"]:
        resource = account.arn("ec2", f"instance/{resource_id}")
        yield Access("ec2:DeleteTags", resource, {**account.tag_keys(resource_id), **named})


def _cancel_spot(parameters: Parameters, account: Account) -> Iterator[Access]:
    for request_id in parameters["SpotInstanceRequestIds"]:
        resource = account.arn("ec2", f"spot-instances-request/{request_id}")
        yield Access("ec2:CancelSpotInstanceRequests", resource, account.tag_keys(request_id))


def _send_command(parameters: Parameters, account: Account) -> Iterator[Access]:
    name = parameters["DocumentName"]
    owner = "" if name.startswith("AWS-") else account.account_id
    document = f"arn:{account.partition}:ssm:{account.region}:{owner}:document/{name}"
    yield Access("ssm:SendCommand", document, {})
    for instance_id in parameters["InstanceIds"]:
        tags = account.tag_keys(instance_id) | account.tag_keys(instance_id, "ssm:resourceTag")
        yield Access("ssm:SendCommand", account.arn("ec2", f"instance/{instance_id}"), tags)


def _bucket(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, account: Account) -> Iterator[Access]:
        given = {"s3:prefix": parameters.get("Prefix"), "s3:delimiter": parameters.get("Delimiter")}
        context = {key: str(value) for key, value in given.items() if value is not None}
        resource = f"arn:{account.partition}:s3:::{parameters['Bucket']}"
        yield Access(action, resource, context if action == "s3:ListBucket" else {})

    return ask


def _object(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, account: Account) -> Iterator[Access]:
        yield Access(action, f"arn:{account.partition}:s3:::{parameters['Bucket']}/{parameters['Key']}", {})

    return ask


def _schedule(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, account: Account) -> Iterator[Access]:
        resource = account.arn("scheduler", f"schedule/{parameters.get('GroupName', 'default')}/{parameters['Name']}")
        yield Access(action, resource, {})
        if "Target" in parameters:
            role = parameters["Target"]["RoleArn"]
            yield Access("iam:PassRole", role, {"iam:PassedToService": "scheduler.amazonaws.com"})

    return ask


def _named(action: str, parameter: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, _: Account) -> Iterator[Access]:
        yield Access(action, parameters[parameter], {})

    return ask


def _key(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    """``ViaService`` is no parameter of KMS: it stands for the service that asks in the caller's name."""

    def ask(parameters: Parameters, _: Account) -> Iterator[Access]:
        via = parameters.get("ViaService")
        about = {f"kms:EncryptionContext:{key}": text for key, text in parameters.get("EncryptionContext", {}).items()}
        yield Access(action, parameters["KeyId"], {**about, **({"kms:ViaService": via} if via else {})})

    return ask


def _log_stream(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, account: Account) -> Iterator[Access]:
        stream = f"log-group:{parameters['logGroupName']}:log-stream:{parameters['logStreamName']}"
        yield Access(action, account.arn("logs", stream), {})

    return ask


def _log_group(action: str) -> Callable[[Parameters, Account], Iterator[Access]]:
    def ask(parameters: Parameters, account: Account) -> Iterator[Access]:
        yield Access(action, account.arn("logs", f"log-group:{parameters['logGroupName']}"), {})

    return ask


def _parameter(parameters: Parameters, account: Account) -> Iterator[Access]:
    name = parameters["Name"]
    resource = name if name.startswith("arn:") else account.arn("ssm", f"parameter{name}")
    yield Access("ssm:GetParameter", resource, {})


def _put_metric(parameters: Parameters, _: Account) -> Iterator[Access]:
    yield Access("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": parameters["Namespace"]})


def _send_message(parameters: Parameters, account: Account) -> Iterator[Access]:
    yield Access("sqs:SendMessage", account.arn("sqs", parameters["QueueUrl"].rpartition("/")[2]), {})


_CALLS: Mapping[tuple[str, str], Callable[[Parameters, Account], Iterator[Access]]] = {
    ("cloudwatch", "GetMetricData"): _plain("cloudwatch:GetMetricData"),
    ("cloudwatch", "PutMetricData"): _put_metric,
    ("ec2", "CancelSpotInstanceRequests"): _cancel_spot,
    ("ec2", "CreateTags"): _create_tags,
    ("ec2", "DeleteTags"): _delete_tags,
    ("ec2", "DescribeInstances"): _plain("ec2:DescribeInstances"),
    ("ec2", "StopInstances"): _instances("ec2:StopInstances"),
    ("ec2", "TerminateInstances"): _instances("ec2:TerminateInstances"),
    ("kms", "Decrypt"): _key("kms:Decrypt"),
    ("kms", "GenerateDataKey"): _key("kms:GenerateDataKey"),
    ("lambda", "GetFunctionConfiguration"): _named("lambda:GetFunctionConfiguration", "FunctionName"),
    ("lambda", "Invoke"): _named("lambda:InvokeFunction", "FunctionName"),
    ("logs", "CreateLogStream"): _log_stream("logs:CreateLogStream"),
    ("logs", "FilterLogEvents"): _log_group("logs:FilterLogEvents"),
    ("logs", "PutLogEvents"): _log_stream("logs:PutLogEvents"),
    ("s3", "AbortMultipartUpload"): _object("s3:AbortMultipartUpload"),
    ("s3", "CompleteMultipartUpload"): _object("s3:PutObject"),
    ("s3", "CreateMultipartUpload"): _object("s3:PutObject"),
    ("s3", "GetBucketLocation"): _bucket("s3:GetBucketLocation"),
    ("s3", "GetBucketNotificationConfiguration"): _bucket("s3:GetBucketNotification"),
    ("s3", "GetObject"): _object("s3:GetObject"),
    ("s3", "HeadObject"): _object("s3:GetObject"),
    ("s3", "ListMultipartUploads"): _bucket("s3:ListBucketMultipartUploads"),
    ("s3", "ListParts"): _object("s3:ListMultipartUploadParts"),
    ("s3", "ListObjectsV2"): _bucket("s3:ListBucket"),
    ("s3", "PutObject"): _object("s3:PutObject"),
    ("s3", "UploadPart"): _object("s3:PutObject"),
    ("scheduler", "CreateSchedule"): _schedule("scheduler:CreateSchedule"),
    ("scheduler", "DeleteSchedule"): _schedule("scheduler:DeleteSchedule"),
    ("scheduler", "GetSchedule"): _schedule("scheduler:GetSchedule"),
    ("scheduler", "ListSchedules"): _plain("scheduler:ListSchedules"),
    ("scheduler", "UpdateSchedule"): _schedule("scheduler:UpdateSchedule"),
    ("secretsmanager", "GetSecretValue"): _named("secretsmanager:GetSecretValue", "SecretId"),
    ("sns", "Publish"): _named("sns:Publish", "TopicArn"),
    ("sqs", "SendMessage"): _send_message,
    **{(service, verb): _plain(f"{service}:{verb}") for service, _, verb in (a.partition(":") for a in AGENT_ACTIONS)},
    ("ssm", "GetCommandInvocation"): _plain("ssm:GetCommandInvocation"),
    ("ssm", "GetParameter"): _parameter,
    ("ssm", "GetParameters"): _plain("ssm:GetParameters"),
    ("ssm", "SendCommand"): _send_command,
}
