"""What forces a replacement: the properties that the AWS provider declares with ForceNew, by resource type.

The sources are files of https://github.com/hashicorp/terraform-provider-aws below ``internal/service``. A path covers
what is below it. The names are Pulumi's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.aws.boto import client
from sandbox.engine.adapters.invocation import INVOCATION
from sandbox.engine.values import UNKNOWN

INSTANCE = "aws:ec2/instance:Instance"
_AUTONAMED = frozenset({"name", "namePrefix"})

REPLACES: Mapping[str, frozenset[str]] = {
    # cloudwatch/dashboard.go
    "aws:cloudwatch/dashboard:Dashboard": frozenset({"dashboardName"}),
    # events/rule.go
    "aws:cloudwatch/eventRule:EventRule": _AUTONAMED | {"eventBusName"},
    # events/target.go
    "aws:cloudwatch/eventTarget:EventTarget": frozenset({"eventBusName", "rule", "targetId"}),
    # logs/group.go
    "aws:cloudwatch/logGroup:LogGroup": _AUTONAMED | {"logGroupClass"},
    # cloudwatch/metric_alarm.go
    "aws:cloudwatch/metricAlarm:MetricAlarm": frozenset({"name"}),
    # ec2/ec2_instance.go; the root volume can be changed in size and type alone
    INSTANCE: frozenset(
        {
            "ami",
            "associatePublicIpAddress",
            "availabilityZone",
            "cpuOptions",
            "ebsBlockDevices",
            "ebsOptimized",
            "enclaveOptions",
            "ephemeralBlockDevices",
            "hibernation",
            "hostId",
            "instanceMarketOptions",
            "ipv6Addresses",
            "keyName",
            "launchTemplate",
            "networkInterfaces",
            "placementGroup",
            "placementPartitionNumber",
            "privateDnsNameOptions",
            "privateIp",
            "rootBlockDevice.encrypted",
            "rootBlockDevice.kmsKeyId",
            "securityGroups",
            "subnetId",
            "tenancy",
        }
    ),
    # ec2/tag_gen.go
    "aws:ec2/tag:Tag": frozenset({"key", "resourceId"}),
    # iam/instance_profile.go
    "aws:iam/instanceProfile:InstanceProfile": _AUTONAMED | {"path"},
    # iam/role.go
    "aws:iam/role:Role": _AUTONAMED | {"path"},
    # iam/role_policy.go
    "aws:iam/rolePolicy:RolePolicy": _AUTONAMED | {"role"},
    # iam/role_policy_attachment.go
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": frozenset({"policyArn", "role"}),
    # lambda/function.go
    "aws:lambda/function:Function": frozenset({"name", "packageType", "tenancyConfig"}),
    # lambda/function_event_invoke_config.go
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": frozenset({"functionName", "qualifier"}),
    # lambda/invocation.go; customizeDiffInputChangeWithCreateOnlyScope adds the input
    INVOCATION: frozenset({"functionName", "qualifier", "triggers"}),
    # lambda/permission.go: all of it
    "aws:lambda/permission:Permission": frozenset(
        {
            "action",
            "eventSourceToken",
            "function",
            "functionUrlAuthType",
            "invokedViaFunctionUrl",
            "principal",
            "principalOrgId",
            "qualifier",
            "sourceAccount",
            "sourceArn",
            "statementId",
            "statementIdPrefix",
        }
    ),
    # s3/bucket.go
    "aws:s3/bucket:Bucket": frozenset({"bucket", "bucketPrefix", "objectLockEnabled"}),
    # s3/object.go
    "aws:s3/bucketObjectv2:BucketObjectv2": frozenset({"bucket", "key"}),
    # s3/bucket_notification.go
    "aws:s3/bucketNotification:BucketNotification": frozenset({"bucket"}),
    # scheduler/schedule.go
    "aws:scheduler/schedule:Schedule": _AUTONAMED | {"groupName"},
    # scheduler/schedule_group.go
    "aws:scheduler/scheduleGroup:ScheduleGroup": _AUTONAMED,
    # sns/topic.go
    "aws:sns/topic:Topic": _AUTONAMED | {"fifoTopic"},
    # sns/topic_subscription.go
    "aws:sns/topicSubscription:TopicSubscription": frozenset({"endpoint", "protocol", "topic"}),
    # sqs/queue.go
    "aws:sqs/queue:Queue": _AUTONAMED | {"fifoQueue"},
    # sqs/queue_policy.go
    "aws:sqs/queuePolicy:QueuePolicy": frozenset({"queueUrl"}),
    # ssm/document.go
    "aws:ssm/document:Document": frozenset({"name"}),
}


def forces_replacement(kind: str, path: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether a change at a path makes the provider replace a resource of this state with these new inputs.

    Raises:
        KeyError: for a type without rules.
    """
    rules = set(REPLACES[kind])
    if inputs.get("userDataReplaceOnChange"):
        # ec2/ec2_instance.go: customdiff.ForceNewIf("user_data", ...)
        rules |= {"userData", "userDataBase64"}
    if kind == INSTANCE and path == "instanceType" and _is_for_another_processor(state, inputs):
        # ec2/ec2_instance.go: customdiff.ForceNewIf("instance_type", ...)
        rules.add("instanceType")
    if kind == INVOCATION and inputs.get("lifecycleScope", "CREATE_ONLY") == "CREATE_ONLY":
        rules.add("input")
    return any(path == rule or path.startswith((f"{rule}.", f"{rule}[")) for rule in rules)


def _is_for_another_processor(state: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    before, after = state.get("instanceType"), inputs.get("instanceType")
    if not before or not after or after == UNKNOWN:
        return False
    return not _architectures(before) & _architectures(after)


def _architectures(instance_type: str) -> set[str]:
    found = client("ec2").describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]
    return set(found[0]["ProcessorInfo"]["SupportedArchitectures"])
