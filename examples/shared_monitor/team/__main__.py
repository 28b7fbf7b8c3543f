"""A training of one team, under the monitor of the platform's stack."""

import pulumi

from runctl_component import TrainingRun, TrainingRunArgs

config = pulumi.Config()
handle = pulumi.StackReference(config.require("platform")).require_output("monitor")

args: TrainingRunArgs = {
    "bucket": config.require("bucket"),
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "command": "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI",
}
pulumi.export("plan", TrainingRun("line", args, monitor=handle).plan)
