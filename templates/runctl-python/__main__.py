"""A training run that ends itself."""

import pulumi

from runctl_component import TrainingRun, TrainingRunArgs

config = pulumi.Config()
args: TrainingRunArgs = {
    "bucket": config.require("bucket"),
    "instance_type": config.get("instance_type", "g5.xlarge"),
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",  # a folder beside this program, with train.py
    "command": "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI",
    "max_runtime_hours": config.get_float("max_runtime_hours", 24),
}
run = TrainingRun("training", args)
pulumi.export("plan", run.plan)
pulumi.export("connect", run.connect)
pulumi.export("logs", run.logs)
