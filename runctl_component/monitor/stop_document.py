"""The SSM document by which the monitor signals a training: it stops the training's unit, and can do nothing else."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract.names import STOP_TIMEOUT_PARAMETER, TRAINING_UNIT
from runctl_component.monitor.naming import document_name


def stop_document() -> str:
    """Its content. The only parameter is a number of seconds, of two or three digits, and no part of the command.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
    """
    timeout = {
        "type": "String",
        "description": "For how many seconds the command may run",
        "default": "600",
        "allowedPattern": "^[1-9][0-9]{1,2}$",
    }
    step = {
        "action": "aws:runShellScript",
        "name": "stopTraining",
        "precondition": {"StringEquals": ["platformType", "Linux"]},
        "inputs": {
            "timeoutSeconds": f"{{{{ {STOP_TIMEOUT_PARAMETER} }}}}",
            "runCommand": [f"systemctl stop {TRAINING_UNIT}"],
        },
    }
    content = {
        "schemaVersion": "2.2",
        "description": "Stops the training of a run, so that it can save its work",
        "parameters": {STOP_TIMEOUT_PARAMETER: timeout},
        "mainSteps": [step],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def create_stop_document(name: str, tag: str, opts: pulumi.ResourceOptions) -> aws.ssm.Document:
    """The document of the monitor of that name and tag. Its own name, and so the right to it, is known at preview."""
    return aws.ssm.Document(
        f"{name}-stop-training",
        name=document_name(tag),
        document_type="Command",
        document_format="JSON",
        target_type="/AWS::EC2::Instance",
        content=stop_document(),
        opts=opts,
    )
