"""From Pulumi's resource types to moto: what the AWS provider would create, created through boto3."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi

from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import make_managed_policy_known

Inputs = dict[str, Any]
Created = tuple[str, dict[str, Any]]
Creator = Callable[[str, Inputs], Created]


def physical_name(name: str, inputs: Inputs) -> str:
    """The name that was given, or Pulumi's: the logical one and seven characters."""
    return inputs.get("name") or f"{name}-{uuid.uuid4().hex[:7]}"


def _pascal(value: Any) -> Any:
    """Pulumi's camelCase keys as boto3's PascalCase; numbers that came as floats as what they are."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key[0].upper() + key[1:]: _pascal(inner) for key, inner in entries.items()}
    if isinstance(value, list):
        return [_pascal(inner) for inner in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def _role(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    role = client("iam").create_role(RoleName=title, AssumeRolePolicyDocument=inputs["assumeRolePolicy"])
    return title, {"name": title, "arn": role["Role"]["Arn"]}


def _role_policy(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    client("iam").put_role_policy(RoleName=inputs["role"], PolicyName=title, PolicyDocument=inputs["policy"])
    return f"{inputs['role']}:{title}", {"name": title}


def _role_policy_attachment(name: str, inputs: Inputs) -> Created:
    make_managed_policy_known(inputs["policyArn"])
    client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}-{name}", {}


def _instance_profile(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    iam = client("iam")
    profile = iam.create_instance_profile(InstanceProfileName=title)["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName=title, RoleName=inputs["role"])
    return title, {"name": title, "arn": profile["Arn"]}


def _function(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    archive: pulumi.FileArchive = inputs["code"]
    function = client("lambda").create_function(
        FunctionName=title,
        Description=inputs["description"],
        Runtime=inputs["runtime"],
        Role=inputs["role"],
        Handler=inputs["handler"],
        Code={"ZipFile": Path(archive.path).read_bytes()},
        Timeout=int(inputs["timeout"]),
        MemorySize=int(inputs["memorySize"]),
        Architectures=inputs["architectures"],
        Environment={"Variables": inputs["environment"]["variables"]},
        LoggingConfig=_pascal(inputs["loggingConfig"]),
    )
    return title, {"name": title, "arn": function["FunctionArn"]}


def _permission(name: str, inputs: Inputs) -> Created:
    title = f"{name}-{uuid.uuid4().hex[:7]}"
    client("lambda").add_permission(
        FunctionName=inputs["function"],
        StatementId=title,
        Action=inputs["action"],
        Principal=inputs["principal"],
        SourceArn=inputs["sourceArn"],
    )
    return title, {"statementId": title}


def _event_invoke_config(_: str, inputs: Inputs) -> Created:
    client("lambda").put_function_event_invoke_config(
        FunctionName=inputs["functionName"],
        MaximumRetryAttempts=int(inputs["maximumRetryAttempts"]),
        MaximumEventAgeInSeconds=int(inputs["maximumEventAgeInSeconds"]),
        DestinationConfig=_pascal(inputs["destinationConfig"]),
    )
    return inputs["functionName"], {}


def _log_group(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    logs = client("logs")
    logs.create_log_group(logGroupName=title)
    logs.put_retention_policy(logGroupName=title, retentionInDays=int(inputs["retentionInDays"]))
    arn = logs.describe_log_groups(logGroupNamePrefix=title)["logGroups"][0]["arn"]
    return title, {"name": title, "arn": arn.removesuffix(":*")}


def _metric_alarm(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    client("cloudwatch").put_metric_alarm(
        AlarmName=title,
        Dimensions=[{"Name": key, "Value": value} for key, value in inputs["dimensions"].items()],
        OKActions=inputs["okActions"],
        **_pascal({key: value for key, value in inputs.items() if key not in {"dimensions", "name", "okActions"}}),
    )
    return title, {"name": title}


def _dashboard(_: str, inputs: Inputs) -> Created:
    client("cloudwatch").put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
    return inputs["dashboardName"], {}


def _event_rule(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    rule = client("events").put_rule(Name=title, EventPattern=inputs["eventPattern"], Description=inputs["description"])
    return title, {"name": title, "arn": rule["RuleArn"]}


def _event_target(name: str, inputs: Inputs) -> Created:
    title = f"{name}-{uuid.uuid4().hex[:7]}"
    target: dict[str, Any] = {"Id": title, "Arn": inputs["arn"]}
    for pulumis in ("deadLetterConfig", "retryPolicy", "input", "inputPath"):
        if inputs.get(pulumis) is not None:
            target.update(_pascal({pulumis: inputs[pulumis]}))
    transformer = inputs.get("inputTransformer")
    if transformer:
        target["InputTransformer"] = {
            "InputPathsMap": transformer.get("inputPaths", {}),
            "InputTemplate": transformer["inputTemplate"],
        }
    client("events").put_targets(Rule=inputs["rule"], Targets=[target])
    return f"{inputs['rule']}-{title}", {"targetId": title}


def _queue(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    queues = client("sqs")
    url = queues.create_queue(
        QueueName=title,
        Attributes={
            "MessageRetentionPeriod": str(int(inputs["messageRetentionSeconds"])),
            "SqsManagedSseEnabled": str(inputs["sqsManagedSseEnabled"]).lower(),
        },
    )["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, {"name": title, "url": url, "arn": arn}


def _queue_policy(_: str, inputs: Inputs) -> Created:
    client("sqs").set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
    return inputs["queueUrl"], {}


def _schedule_group(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    arn = client("scheduler").create_schedule_group(Name=title)["ScheduleGroupArn"]
    return title, {"name": title, "arn": arn}


def _schedule(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    arn = client("scheduler").create_schedule(
        Name=title,
        GroupName=inputs["groupName"],
        Description=inputs["description"],
        ScheduleExpression=inputs["scheduleExpression"],
        FlexibleTimeWindow=_pascal(inputs["flexibleTimeWindow"]),
        Target=_pascal(inputs["target"]),
    )["ScheduleArn"]
    return f"{inputs['groupName']}/{title}", {"name": title, "arn": arn}


def _instance(_: str, inputs: Inputs) -> Created:
    ec2 = client("ec2")
    wanted: dict[str, Any] = {
        "ImageId": inputs["ami"],
        "InstanceType": inputs["instanceType"],
        "UserData": inputs["userData"],
        "IamInstanceProfile": {"Name": inputs["iamInstanceProfile"]},
        "InstanceInitiatedShutdownBehavior": inputs["instanceInitiatedShutdownBehavior"],
        "MetadataOptions": _pascal(inputs["metadataOptions"]),
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {
                    "Encrypted": inputs["rootBlockDevice"]["encrypted"],
                    "VolumeType": inputs["rootBlockDevice"]["volumeType"],
                    "VolumeSize": int(inputs["rootBlockDevice"]["volumeSize"]),
                },
            }
        ],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": _tag_list(inputs["tags"])}],
    }
    for pulumis, botos in (
        ("subnetId", "SubnetId"),
        ("vpcSecurityGroupIds", "SecurityGroupIds"),
        ("keyName", "KeyName"),
        ("instanceMarketOptions", "InstanceMarketOptions"),
    ):
        if inputs.get(pulumis) is not None:
            wanted[botos] = _pascal(inputs[pulumis])
    launched = ec2.run_instances(MinCount=1, MaxCount=1, **wanted)["Instances"][0]
    return launched["InstanceId"], {
        "arn": "",
        "privateIp": launched["PrivateIpAddress"],
        "instanceState": "running",
        "spotInstanceRequestId": launched.get("SpotInstanceRequestId", ""),
    }


def _bucket(name: str, inputs: Inputs) -> Created:
    title = inputs.get("bucket") or physical_name(name, inputs)
    client("s3").create_bucket(Bucket=title)
    return title, {"bucket": title, "arn": f"arn:aws:s3:::{title}"}


def _bucket_notification(_: str, inputs: Inputs) -> Created:
    events: dict[str, Any] = {"EventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
    client("s3").put_bucket_notification_configuration(Bucket=inputs["bucket"], NotificationConfiguration=events)
    return inputs["bucket"], {}


def _topic(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    arn = client("sns").create_topic(Name=title)["TopicArn"]
    return arn, {"name": title, "arn": arn}


def _tag(_: str, inputs: Inputs) -> Created:
    client("ec2").create_tags(Resources=[inputs["resourceId"]], Tags=[{"Key": inputs["key"], "Value": inputs["value"]}])
    return f"{inputs['resourceId']},{inputs['key']}", {}


CREATORS: Mapping[str, Creator] = {
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:cloudwatch/eventRule:EventRule": _event_rule,
    "aws:cloudwatch/eventTarget:EventTarget": _event_target,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _metric_alarm,
    "aws:ec2/instance:Instance": _instance,
    "aws:ec2/tag:Tag": _tag,
    "aws:iam/instanceProfile:InstanceProfile": _instance_profile,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _role_policy_attachment,
    "aws:lambda/function:Function": _function,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke_config,
    "aws:lambda/permission:Permission": _permission,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketNotification:BucketNotification": _bucket_notification,
    "aws:scheduler/schedule:Schedule": _schedule,
    "aws:scheduler/scheduleGroup:ScheduleGroup": _schedule_group,
    "aws:sns/topic:Topic": _topic,
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_policy,
}


NOT_IN_MOTO: Mapping[str, set[str]] = {
    "aws:ec2/instance:Instance": {"userDataReplaceOnChange"},
}
"""Inputs that say something to the provider, or that moto's request has no place for."""
