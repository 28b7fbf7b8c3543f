"""A training for each learning rate, under one monitor."""

import pulumi

from runctl_component import Monitor, TrainingRun, TrainingRunArgs

LEARNING_RATES = ["3e-1", "1e-1", "3e-2", "1e-2"]

bucket = pulumi.Config().require("bucket")
args: TrainingRunArgs = {
    "bucket": bucket,
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "max_runtime_hours": 4,
}
monitor = Monitor("sweep", {"watch": [{"bucket": bucket, "prefix": f"{pulumi.get_project()}/{pulumi.get_stack()}"}]})

for rate in LEARNING_RATES:
    command = f"/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI --learning-rate {rate}"
    run = TrainingRun(f"rate-{rate}", {**args, "command": command}, monitor=monitor)
    pulumi.export(f"rate-{rate}", run.output_uri)
