"""Public schedulers that stop instances from Lambda. Their handlers are not ours to ship: each is in a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.aws.boto import client
from sandbox.runtime.emulator import REGION, Code


@dataclass(frozen=True)
class Peer:
    """A handler, and what its deployment would give it."""

    repository: str
    what: str
    folder: str
    """Of the checkout: what its archive has at the top."""
    handler: str
    environment: Mapping[str, str]
    event: Mapping[str, Any]
    requirements: Sequence[str] = ()
    """Beyond what Lambda has."""
    python: tuple[int, int] = (3, 11)
    """The oldest with which it runs."""
    prepare: Callable[[], None] = lambda: None
    """Makes what it needs in moto."""

    @property
    def name(self) -> str:
        """Of its folder among the checkouts."""
        return self.repository.partition("/")[2]

    @property
    def title(self) -> str:
        """As the table has it."""
        return f"{self.name}: {self.what}"

    def missing(self, checkouts: Path | None) -> str:
        """Why it cannot be measured; empty where it can."""
        if checkouts is None:
            return f"{self.name}: no checkouts were named: `make benchmark PEERS=folder`"
        if not (checkouts / self.name / self.folder).is_dir():
            return f"{self.name}: {checkouts} has no checkout of https://github.com/{self.repository}"
        if sys.version_info < self.python:
            return f"{self.name}: it needs Python {'.'.join(map(str, self.python))}: `make PYTHON=... setup`"
        return ""

    def unpacked(self, checkouts: Path, folder: Path) -> Code:
        """Its sources with their requirements beside them, compiled as pip does."""
        shutil.copytree(checkouts / self.name / self.folder, folder)
        if self.requirements:
            pip = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode")
            subprocess.run((*pip, "--target", str(folder), *self.requirements), check=True)  # noqa: S603
        return Code(folder, self.handler, self.environment)


def _make_tables() -> None:
    for table, keys in {"config": ("type", "name"), "registry": ("account", "sk")}.items():
        client("dynamodb").create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
        )


_OTHER_KINDS = ("APPRUNNER", "AUTOSCALING", "DOCUMENTDB", "ECS", "RDS", "REDSHIFT", "CLOUDWATCH_ALARM", "TRANSFER")
PEERS = (
    Peer(
        "diodonfrost/terraform-aws-lambda-scheduler-stop-start",
        "a look for instances to stop, none there",
        "package",
        "scheduler.main.lambda_handler",
        {
            "SCHEDULE_ACTION": "stop",
            "AWS_REGIONS": REGION,
            "TAG_KEY": "tostop",
            "TAG_VALUE": "true",
            "AUTOSCALING_TERMINATE_INSTANCES": "false",
            "EC2_SCHEDULE": "true",
            **{f"{kind}_SCHEDULE": "false" for kind in _OTHER_KINDS},
        },
        {},
    ),
    Peer(
        "aws-solutions/instance-scheduler-on-aws",
        "its orchestrator, nothing registered",
        "source/app",
        "instance_scheduler.handler.scheduling_orchestrator.lambda_handler",
        {
            "USER_AGENT_EXTRA": "benchmark",
            "CONFIG_TABLE": "config",
            "REGISTRY_TABLE": "registry",
            "SCHEDULING_REQUEST_HANDLER_NAME": "scheduling-request",
        },
        {"scheduled_action": "run_orchestrator"},
        ("aws-lambda-powertools>=3.4.1,<4", "packaging>=24,<25", "pydantic>=2,<3"),
        (3, 12),
        _make_tables,
    ),
)
