"""The programs below ``examples``, to be evaluated."""

from __future__ import annotations

import contextlib
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples"
BUCKET = "outputs"
PLATFORM = "acme/platform/prod"
CONFIG: Mapping[str, Mapping[str, str]] = {
    "quickstart": {},
    "sweep": {"bucket": BUCKET},
    "spot_resume": {"bucket": BUCKET},
    "team_stack": {
        "bucket": BUCKET,
        "subnet_id": "subnet-0aaaaaaa",
        "security_group_id": "sg-0aaaaaaa",
        "key_name": "ours",
        "instance_profile": "trainer",
    },
    "shared_monitor/platform": {"bucket": BUCKET},
    "shared_monitor/team": {"bucket": BUCKET, "platform": PLATFORM},
    "notifications": {
        "bucket": BUCKET,
        "email": "team@example.com",
        "slack_webhook_url": "https://hooks.slack.com/services/T0/B0/x",
    },
    "hugging_face": {
        "bucket": BUCKET,
        "hub_token_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-AbCdEf",
    },
    "lightning": {"bucket": BUCKET},
}
"""Each example, and what its users set."""
RUNS: Mapping[str, tuple[str, ...]] = {
    "quickstart": ("llama-ft",),
    "sweep": ("rate-3e-1", "rate-1e-1", "rate-3e-2", "rate-1e-2"),
    "spot_resume": ("curve",),
    "team_stack": ("short", "long"),
    "shared_monitor/platform": (),
    "shared_monitor/team": ("line",),
    "notifications": ("line",),
    "hugging_face": ("reviews",),
    "lightning": ("curve",),
}
"""The runs of each example."""


def program_of(example: str, project: str = "team", **config: str) -> Callable[[], dict[str, Any]]:
    """The program, which returns what it exports. ``config``: what is set besides `CONFIG`, or in its place."""

    def program() -> dict[str, Any]:
        exported: dict[str, Any] = {}
        wanted = {**CONFIG[example], **config}
        pulumi.runtime.set_all_config({f"{project}:{key}": value for key, value in wanted.items()})
        with pytest.MonkeyPatch.context() as patched, contextlib.chdir(FOLDER / example):
            patched.setattr(pulumi, "export", exported.__setitem__)
            runpy.run_path("__main__.py")
        return exported

    return program
