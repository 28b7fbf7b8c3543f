"""A team's own program: its bucket, its topic, and a training run with the resource options of the stack's config."""

import pulumi
import pulumi_aws as aws

from runctl_component import TrainingRun

config = pulumi.Config()
bucket = aws.s3.Bucket("outputs", opts=pulumi.ResourceOptions(retain_on_delete=config.get_bool("retain")))
topic = aws.sns.Topic("runs")
run = TrainingRun(
    config.get("name") or "sweep",
    {
        "bucket": bucket.bucket,
        "prefix": "sweeps/1/",
        "instance_type": "g5.xlarge",
        "command": config.get("command") or "python sweep.py",
        "max_runtime_hours": config.get_float("hours") or 24,
        "notify_topic_arn": topic.arn,
    },
    pulumi.ResourceOptions(
        protect=config.get_bool("protect"),
        retain_on_delete=config.get_bool("retain"),
        aliases=[pulumi.Alias(name=former)] if (former := config.get("former_name")) else None,
    ),
)
pulumi.export("instance_id", run.instance_id)
pulumi.export("plan", run.plan)
