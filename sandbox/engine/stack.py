"""The repository's own program and the config of its stacks."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml

ROOT = Path(__file__).resolve().parents[2]


class DeploymentError(Exception):
    """A resource that could not be created; the message is what `pulumi up` would show."""


def stack_config(stack: str) -> dict[str, str]:
    """The config of a stack as the CLI hands it to a program: objects as JSON.

    Raises:
        DeploymentError: when the stack lacks what the project declares without a value.
    """
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    config: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    declared: Mapping[str, Any] = project.get("config", {})
    defaults = {key: entry["value"] for key, entry in declared.items() if "value" in entry}
    given = {*config, *defaults}
    missing = [key for key in declared if key not in given and f"{project['name']}:{key}" not in given]
    if missing:
        raise DeploymentError(f"Stack {stack!r} is missing configuration values {', '.join(missing)}")
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in {**defaults, **config}.items()
    }


def stack_program() -> dict[str, Any]:
    """The repository's own program; its exports."""
    exported: dict[str, Any] = {}
    original = pulumi.export
    pulumi.export = exported.__setitem__
    try:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
    finally:
        pulumi.export = original
    return exported
