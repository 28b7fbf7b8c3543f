"""Programs in YAML on a real engine: the plugin makes their components, as it does for every language."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.engine.deployed import Deployed, deployment
from tests.engine.served_plugin import served_plugin

TEAM = Path(__file__).parent / "languages" / "Pulumi.yaml"
"""A monitor, and two runs that are given its handle."""


@contextmanager
def yaml_program(folder: Path, program: Path | Mapping[str, Any], **options: Any) -> Generator[Deployed]:
    """A stack that was never brought up. ``program``: a file, or the resources of a program by their names."""
    own = folder / "program"
    own.mkdir(parents=True)
    if isinstance(program, Path):
        shutil.copyfile(program, own / "Pulumi.yaml")
    else:
        text = yaml.safe_dump({"name": "trainings", "runtime": "yaml", "resources": dict(program)})
        (own / "Pulumi.yaml").write_text(text, encoding="utf-8")
    config = {"aws:region": "us-east-1"}
    with (
        served_plugin(own) as plugin,
        deployment(folder, program=own, config=config, language_host=True, **options) as stack,
    ):
        stack.engine.providers += f",{plugin}"
        yield stack
