"""The package as other languages see it: what it is called, what is in it, and what its schema says beside types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from monitor_runtime.contract.outcomes import Action
from runctl_component import __version__
from runctl_component.monitor.monitor import Monitor
from runctl_component.training_run.training_run import TrainingRun

NAME = "runctl"
DESCRIPTION = "Training runs on EC2 that end themselves."
LICENSE = "Apache-2.0"
COMPONENTS: Sequence[type[pulumi.ComponentResource]] = (Monitor, TrainingRun)
REPOSITORY = "https://github.com/your-organization/runctl-pulumi"
KEYWORDS = ("pulumi", "aws", "ec2", "gpu", "machine-learning", "training", "category/cloud", "kind/component")
LANGUAGES: Mapping[str, Mapping[str, Any]] = {
    "csharp": {"respectSchemaVersion": True},
    "go": {
        "generateResourceContainerTypes": True,
        "importBasePath": "github.com/your-organization/runctl-pulumi/sdk/go/runctl",
        "respectSchemaVersion": True,
    },
    "java": {"buildFiles": "gradle"},
    "nodejs": {"packageName": "@your-organization/runctl", "respectSchemaVersion": True},
    "python": {"packageName": "pulumi_runctl", "pyproject": {"enabled": True}, "respectSchemaVersion": True},
}
"""What the generators of SDKs are told:
https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/#language-specific-extensions"""


@dataclass(frozen=True)
class Words:
    """The values of some arguments of a run. Other strings are let through by the types, and refused with our words."""

    name: str
    description: str
    values: Mapping[str, str]
    """What each of them means."""
    arguments: Sequence[str]


WORDS = (
    Words(
        "Ending",
        "What is done to the instance when a run ends.",
        {
            Action.STOP: "Stop it: its disk is kept, and paid for.",
            Action.TERMINATE: "Terminate it: its disk is deleted.",
            Action.REPORT: "Notify, and change nothing.",
        },
        ("on_complete", "on_failure", "on_deadline"),
    ),
    Words(
        "Spot",
        "How the instance is bought on the spot market.",
        {
            "one-time": "EC2 terminates it when it takes the capacity back; it cannot be stopped.",
            "persistent": "EC2 stops it when it takes the capacity back, and starts it again when there is some.",
        },
        ("spot",),
    ),
    Words(
        "ServerSideEncryption",
        "How what is uploaded to the bucket is encrypted.",
        {"AES256": "With keys of S3's own.", "aws:kms": "With a KMS key."},
        ("server_side_encryption",),
    ),
)


def described() -> dict[str, Any]:
    """The head of the schema."""
    return {
        "name": NAME,
        "displayName": "runctl for Pulumi",
        "version": __version__,
        "description": DESCRIPTION,
        "keywords": list(KEYWORDS),
        "homepage": REPOSITORY,
        "license": LICENSE,
        "repository": REPOSITORY,
        "language": LANGUAGES,
    }
