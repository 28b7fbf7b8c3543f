"""Inputs of each resource type that the sandbox can make, and what of them can be changed in place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


def _policy(effect: str, **who: Any) -> str:
    statement = {"Effect": effect, "Action": "sts:AssumeRole", **(who or {"Resource": "*"})}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _document(command: str) -> str:
    step = {"action": "aws:runShellScript", "name": "only", "inputs": {"runCommand": [command]}}
    return json.dumps({"schemaVersion": "2.2", "mainSteps": [step]})


POLICY, OTHER_POLICY = _policy("Allow"), _policy("Deny")
LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST, OTHER_TRUST = _policy("Allow", Principal=LAMBDA), _policy("Deny", Principal=LAMBDA)
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
AGENT = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@dataclass
class Sample:
    """Inputs of a resource and what of them is changed; ``IN BRACES`` are outputs of others that it needs."""

    inputs: dict[str, Any]
    changed: dict[str, Any] = field(default_factory=dict[str, Any])


FUNCTION = {
    "code": None,
    "role": "{arn of aws:iam/role:Role}",
    "runtime": "python3.13",
    "architectures": ["arm64"],
    "handler": "monitor_runtime.handler.handler",
    "timeout": 60,
    "memorySize": 128,
    "description": "checks",
    "environment": {"variables": {"MONITOR": "m"}},
    "loggingConfig": {"logFormat": "JSON"},
    "vpcConfig": {"subnetIds": ["subnet-0aaaaaaa"], "securityGroupIds": ["sg-0aaaaaaa"]},
    "tags": {"a": "1"},
}
ALARM: dict[str, Any] = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 1,
    "metricName": "Errors",
    "namespace": "AWS/Lambda",
    "period": 60,
    "statistic": "Sum",
    "threshold": 0,
    "dimensions": {"FunctionName": "f"},
    "okActions": [],
    "alarmActions": [],
    "tags": {"a": "1"},
}
INSTANCE = {
    "ami": "ami-12c6146b",
    "instanceType": "g5.xlarge",
    "userData": "#!/bin/sh",
    "userDataReplaceOnChange": True,
    "iamInstanceProfile": "{name of aws:iam/instanceProfile:InstanceProfile}",
    "instanceInitiatedShutdownBehavior": "stop",
    "metadataOptions": {"httpTokens": "required"},
    "rootBlockDevice": {"encrypted": True, "volumeType": "gp3", "volumeSize": 50, "tags": {"Name": "root"}},
    "tags": {"a": "1"},
}
SAMPLES = {
    "aws:s3/bucket:Bucket": Sample({"tags": {"a": "1"}}, {"tags": {"b": "2"}}),
    "aws:s3/bucketObjectv2:BucketObjectv2": Sample(
        {"bucket": "{bucket of aws:s3/bucket:Bucket}", "key": "runs/a/runner.zip", "source": None},
        {"contentType": "application/zip"},
    ),
    "aws:s3/bucketNotification:BucketNotification": Sample(
        {"bucket": "{bucket of aws:s3/bucket:Bucket}", "eventbridge": True}, {"eventbridge": False}
    ),
    "aws:sns/topic:Topic": Sample({"tags": {"a": "1"}}, {"tags": {"b": "2"}}),
    "aws:sns/topicSubscription:TopicSubscription": Sample(
        {"topic": "{arn of aws:sns/topic:Topic}", "protocol": "email", "endpoint": "team@example.com"}
    ),
    "aws:sqs/queue:Queue": Sample(
        {"messageRetentionSeconds": 60, "sqsManagedSseEnabled": True, "tags": {"a": "1"}},
        {"messageRetentionSeconds": 120, "tags": {"b": "2"}},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Sample(
        {"queueUrl": "{url of aws:sqs/queue:Queue}", "policy": TRUST}, {"policy": OTHER_TRUST}
    ),
    "aws:ssm/document:Document": Sample(
        {
            "name": "stop",
            "documentType": "Command",
            "documentFormat": "JSON",
            "targetType": "/AWS::EC2::Instance",
            "content": _document("stop"),
            "tags": {"a": "1"},
        },
        {"content": _document("halt"), "tags": {"b": "2"}},
    ),
    "aws:iam/role:Role": Sample(
        {"assumeRolePolicy": TRUST, "tags": {"a": "1"}}, {"assumeRolePolicy": OTHER_TRUST, "tags": {"b": "2"}}
    ),
    "aws:iam/rolePolicy:RolePolicy": Sample(
        {"role": "{name of aws:iam/role:Role}", "policy": POLICY}, {"policy": OTHER_POLICY}
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Sample(
        {"role": "{name of aws:iam/role:Role}", "policyArn": AGENT}
    ),
    "aws:iam/instanceProfile:InstanceProfile": Sample(
        {"role": "{name of aws:iam/role:Role}", "tags": {"a": "1"}}, {"tags": {"b": "2"}}
    ),
    "aws:cloudwatch/logGroup:LogGroup": Sample(
        {"retentionInDays": 7, "kmsKeyId": KEY, "tags": {"a": "1"}}, {"retentionInDays": 30, "tags": {"b": "2"}}
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Sample(ALARM, {"period": 300, "tags": {"b": "2"}}),
    "aws:cloudwatch/dashboard:Dashboard": Sample(
        {"dashboardName": "runs", "dashboardBody": '{"widgets": []}'},
        {"dashboardBody": '{"widgets": [], "start": "-P1D"}'},
    ),
    "aws:lambda/function:Function": Sample(FUNCTION, {"timeout": 120, "tags": {"b": "2"}}),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Sample(
        {
            "functionName": "{name of aws:lambda/function:Function}",
            "maximumEventAgeInSeconds": 300,
            "maximumRetryAttempts": 1,
            "destinationConfig": {"onFailure": {"destination": "{arn of aws:sqs/queue:Queue}"}},
        },
        {"maximumRetryAttempts": 2},
    ),
    "aws:cloudwatch/eventRule:EventRule": Sample(
        {"eventPattern": '{"source": ["aws.ec2"]}', "description": "wakes", "tags": {"a": "1"}},
        {"eventPattern": '{"source": ["aws.s3"]}', "tags": {"b": "2"}},
    ),
    "aws:lambda/permission:Permission": Sample(
        {
            "action": "lambda:InvokeFunction",
            "function": "{name of aws:lambda/function:Function}",
            "principal": "events.amazonaws.com",
            "sourceArn": "{arn of aws:cloudwatch/eventRule:EventRule}",
        }
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Sample(
        {
            "rule": "{name of aws:cloudwatch/eventRule:EventRule}",
            "arn": "{arn of aws:lambda/function:Function}",
            "inputTransformer": {"inputPaths": {"a": "$.a"}, "inputTemplate": '{"a": <a>}'},
        },
        {"inputTransformer": {"inputPaths": {"b": "$.b"}, "inputTemplate": '{"b": <b>}'}},
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Sample({"tags": {"a": "1"}}, {"tags": {"b": "2"}}),
    "aws:scheduler/schedule:Schedule": Sample(
        {
            "groupName": "{name of aws:scheduler/scheduleGroup:ScheduleGroup}",
            "scheduleExpression": "rate(5 minutes)",
            "description": "wakes",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {
                "arn": "{arn of aws:lambda/function:Function}",
                "roleArn": "{arn of aws:iam/role:Role}",
                "input": "{}",
                "retryPolicy": {"maximumEventAgeInSeconds": 300, "maximumRetryAttempts": 3},
            },
        },
        {"scheduleExpression": "rate(10 minutes)"},
    ),
    "aws:ec2/instance:Instance": Sample(
        INSTANCE,
        {
            "tags": {"b": "2"},
            "instanceInitiatedShutdownBehavior": "terminate",
            "rootBlockDevice": {"encrypted": True, "volumeType": "gp3", "volumeSize": 80, "tags": {"Name": "root"}},
        },
    ),
    "aws:ec2/tag:Tag": Sample(
        {"resourceId": "{id of aws:ec2/instance:Instance}", "key": "k", "value": "v"}, {"value": "w"}
    ),
}
