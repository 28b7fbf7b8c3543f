"""Two trainings in a VPC, bucket, key pair and instance profile that are there already, under one monitor."""

import pulumi
import pulumi_aws as aws

from runctl_component import Monitor, TrainingRun, TrainingRunArgs

config = pulumi.Config()
bucket = aws.s3.Bucket.get("outputs", config.require("bucket"))
subnet = aws.ec2.Subnet.get("trainings", config.require("subnet_id"))

group = aws.ec2.SecurityGroup(
    "trainings",
    vpc_id=subnet.vpc_id,
    egress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
)
endings = aws.sns.Topic("training-endings")

monitor = Monitor(
    "trainings",
    {
        "watch": [{"bucket": bucket.bucket, "prefix": "runs"}],
        "notify_topic_arn": endings.arn,
    },
)

in_our_vpc: TrainingRunArgs = {
    "bucket": bucket.bucket,
    "subnet_id": subnet.id,
    "security_group_ids": [group.id],
    "key_name": config.require("key_name"),
    "iam_instance_profile": config.require("instance_profile"),
    "instance_type": "g5.xlarge",
    "max_runtime_hours": 12,
    "tags": {"team": "vision"},
}

for name, epochs in {"resnet-short": 10, "resnet-long": 90}.items():
    run = TrainingRun(
        name,
        {**in_our_vpc, "prefix": f"runs/{name}", "command": f"python train.py --epochs {epochs}"},
        monitor=monitor,
    )
    pulumi.export(f"{name}.instance_id", run.instance_id)
    pulumi.export(f"{name}.plan", run.plan)
