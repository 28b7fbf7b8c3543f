"""A model of the Hugging Face hub, fine-tuned with its Trainer."""

import pulumi

from runctl_component import TrainingRun, TrainingRunArgs

config = pulumi.Config()
args: TrainingRunArgs = {
    "bucket": config.require("bucket"),
    "instance_type": "g5.xlarge",
    "ami": "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    "code": "training",
    "secrets": {"HF_TOKEN": config.require("hub_token_arn")},
    "command": """
        source /opt/pytorch/bin/activate
        pip install --quiet --requirement requirements.txt
        python train.py --out $RUNCTL_OUTPUT_URI --model distilbert/distilbert-base-uncased
    """,
    "stalled": {"patterns": ["checkpoints/checkpoint-*/trainer_state.json"], "minutes": 60},
}
pulumi.export("plan", TrainingRun("reviews", args).plan)
