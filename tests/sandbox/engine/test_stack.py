from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine import stack
from sandbox.engine.stack import DeploymentError, stack_config

PROJECT = """\
name: team
config:
  aws:region: {value: eu-west-1}
  runs: {description: needed}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stack, "ROOT", tmp_path)
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


def test_a_stack_has_its_own_config_and_the_projects_values(root: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text("config: {team:runs: {a: {bucket: b}}}")
    assert stack_config("dev") == {"aws:region": "eu-west-1", "team:runs": '{"a": {"bucket": "b"}}'}


def test_a_stack_without_what_its_project_declares_is_refused_as_the_cli_does(root: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text("config: {other:runs: {}}")
    with pytest.raises(DeploymentError, match="'dev' is missing configuration values runs"):
        stack_config("dev")
