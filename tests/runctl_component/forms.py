"""Args of runs in their forms: the least that is needed, and all that there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from runctl_component import TrainingRun, TrainingRunArgs

from .recording import Recorded, record

BASE: TrainingRunArgs = {"bucket": "outputs", "command": "python train.py"}
TOPIC = "arn:aws:sns:us-east-1:123456789012:trainings"
WANDB_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/wandb-AbCdEf"
CODE = str(Path(__file__).parents[1] / "on_box" / "stopping" / "programs")
"""A folder of programs."""
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

ALL: dict[str, Any] = {
    "bucket": "outputs",
    "prefix": "runs/llama",
    "instance_type": "p5.48xlarge",
    "ami": "ami-00000000000000001",
    "command": "python train.py",
    "environment": {"WANDB_MODE": "offline"},
    "secrets": {"WANDB_API_KEY": f"{WANDB_ARN}:api_key::"},
    "code": CODE,
    "server_side_encryption": "aws:kms",
    "subnet_id": "subnet-0123456789abcdef0",
    "security_group_ids": ["sg-0123456789abcdef0"],
    "key_name": "team",
    "kms_key_arn": KEY,
    "notify_key_arn": KEY,
    "notify_topic_arn": TOPIC,
    "log_retention_days": 90,
    "silence_minutes": 45,
    "dashboard": True,
    "policy_arns": ["arn:aws:iam::123456789012:policy/datasets"],
    "permissions_boundary_arn": "arn:aws:iam::123456789012:policy/boundary",
    "role_path": "/training/",
    "root_volume_gib": 500,
    "markers": ["done"],
    "failure_markers": ["failed*"],
    "expected_outputs": ["model/*.safetensors"],
    "checkpoint_patterns": ["checkpoints/*.pt"],
    "initial_interval_seconds": 60,
    "max_interval_seconds": 600,
    "backoff_multiplier": 1.5,
    "grace_seconds": 60,
    "verify_timeout_seconds": 1200,
    "shutdown_timeout_seconds": 300,
    "on_complete": "stop",
    "on_failure": "report",
    "on_deadline": "terminate",
    "max_runtime_hours": 48,
    "idle": {"metric": "CPUUtilization", "threshold": 5, "minutes": 30, "warm_up_minutes": 60},
    "stalled": {"patterns": ["checkpoints/*.pt"], "minutes": 90},
    "terminate_after_days": 7,
    "s3_events": True,
    "share_last_words": True,
    "tags": {"team": "nlp"},
}


def registered(args: dict[str, Any] | TrainingRunArgs, **how: Any) -> Recorded:
    """A run named llama-ft, with a monitor of its own."""
    return record(lambda: TrainingRun("llama-ft", cast("TrainingRunArgs", args)), **how)


def instance_of(recorded: Recorded) -> dict[str, Any]:
    """The inputs of its instance."""
    return recorded.one("Instance", "llama-ft").inputs


def settings_of(recorded: Recorded) -> dict[str, Any]:
    """The settings document in its heartbeat."""
    heartbeat = recorded.one("Schedule", "llama-ft-heartbeat").inputs
    return json.loads(heartbeat["target"]["input"])["settings"]
