"""A training with PyTorch Lightning."""

import pulumi

from runctl_component import TrainingRun, TrainingRunArgs

args: TrainingRunArgs = {
    "bucket": pulumi.Config().require("bucket"),
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "command": """
        source /opt/pytorch/bin/activate
        pip install --quiet --requirement requirements.txt
        python train.py --out $RUNCTL_OUTPUT_URI
    """,
}
pulumi.export("plan", TrainingRun("curve", args).plan)
