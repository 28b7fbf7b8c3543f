"""A training run that ends itself."""

import pulumi

from runctl_component import TrainingRun, TrainingRunArgs

args: TrainingRunArgs = {
    "bucket": "my-training-outputs",
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",  # a folder beside this program, with train.py
    "secrets": {"WANDB_API_KEY": "arn:aws:secretsmanager:us-east-1:123456789012:secret:wandb-AbCdEf"},
    "command": "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI",
}
pulumi.export("plan", TrainingRun("llama-ft", args).plan)
