"""A training whose news, and the monitor's alarms, come by e-mail and in Slack."""

import json

import pulumi
import pulumi_aws as aws

from runctl_component import TrainingRun, TrainingRunArgs

config = pulumi.Config()
news = aws.sns.Topic("training-news")
aws.sns.TopicSubscription("email", topic=news.arn, protocol="email", endpoint=config.require("email"))

lambda_may_assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
role = aws.iam.Role("slack", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [lambda_may_assume]}))
logs = aws.iam.ManagedPolicy.AWS_LAMBDA_BASIC_EXECUTION_ROLE
aws.iam.RolePolicyAttachment("slack", role=role.name, policy_arn=logs)
slack = aws.lambda_.Function(
    "slack",
    runtime="python3.13",
    handler="to_slack.handler",
    code=pulumi.FileArchive("slack"),
    timeout=30,
    role=role.arn,
    environment={"variables": {"SLACK_WEBHOOK_URL": config.require_secret("slack_webhook_url")}},
)
aws.lambda_.Permission(
    "slack", action="lambda:InvokeFunction", function=slack.name, principal="sns.amazonaws.com", source_arn=news.arn
)
aws.sns.TopicSubscription("slack", topic=news.arn, protocol="lambda", endpoint=slack.arn)

args: TrainingRunArgs = {
    "bucket": config.require("bucket"),
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "command": "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI",
    "notify_topic_arn": news.arn,
}
pulumi.export("plan", TrainingRun("line", args).plan)
