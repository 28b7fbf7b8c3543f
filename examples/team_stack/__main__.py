"""Two trainings in a VPC, bucket, key pair and instance profile that are there already, under one monitor."""

import pulumi
import pulumi_aws as aws

from runctl_component import Monitor, TrainingRun, TrainingRunArgs

config = pulumi.Config()
bucket = config.require("bucket")
endings = aws.sns.Topic("training-endings")
monitor = Monitor(
    "trainings",
    {
        "watch": [{"bucket": bucket, "prefix": "runs"}],
        "notify_topic_arn": endings.arn,
    },
)

in_our_vpc: TrainingRunArgs = {
    "bucket": bucket,
    "subnet_id": config.require("subnet_id"),
    "security_group_ids": [config.require("security_group_id")],
    "key_name": config.require("key_name"),
    "iam_instance_profile": config.require("instance_profile"),
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "max_runtime_hours": 12,
    "tags": {"team": "vision"},
}

for name, epochs in {"short": 10, "long": 90}.items():
    command = f"/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI --epochs {epochs}"
    run = TrainingRun(name, {**in_our_vpc, "prefix": f"runs/{name}", "command": command}, monitor=monitor)
    pulumi.export(f"{name}.instance_id", run.instance_id)
    pulumi.export(f"{name}.plan", run.plan)
