"""A training on spot that goes on where it was interrupted."""

import pulumi

from runctl_component import TrainingRun, TrainingRunArgs

args: TrainingRunArgs = {
    "bucket": pulumi.Config().require("bucket"),
    "instance_type": "g5.xlarge",
    "spot": "persistent",  # EC2 stops the instance, and starts it again when there is capacity
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "command": "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI",
    "checkpoint_patterns": ["model.pt"],
    "max_runtime_hours": 48,  # from each start on
}
pulumi.export("plan", TrainingRun("curve", args).plan)
