"""The comment on a pull request, by the steps of the example's own workflow, from the events of a real engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.engine.cli import ROOT
from tests.engine.deployed import Deployed
from tests.engine.yaml_programs import TEAM, yaml_program

pytestmark = pytest.mark.xdist_group("pull request")

EXAMPLE = ROOT / "examples" / "pull_request" / ".github"
OF_A_PREVIEW = ("pulumi preview", "plan_comment.py")


class _PullRequest:
    """A program under review, whose stack is up as the base branch has it."""

    def __init__(self, stack: Deployed) -> None:
        self._stack = stack
        self._folder = stack.engine.program
        self._base = (self._folder / "Pulumi.yaml").read_text(encoding="utf-8")
        shutil.copytree(EXAMPLE, self._folder / ".github")
        workflow = yaml.safe_load((EXAMPLE / "workflows" / "preview.yml").read_text(encoding="utf-8"))
        steps: list[dict[str, Any]] = workflow["jobs"]["preview"]["steps"]
        self._steps = [step for step in steps if any(each in step.get("run", "") for each in OF_A_PREVIEW)]
        assert len(self._steps) == len(OF_A_PREVIEW)

    def comment(self, *changes: tuple[str, str], succeeds: bool = True) -> str:
        """What is written below the pull request that makes these changes; each is a text, and another in its place."""
        program = self._base
        for old, new in changes:
            assert old in program
            program = program.replace(old, new)
        (self._folder / "Pulumi.yaml").write_text(program, encoding="utf-8")
        codes = [self._run(step) for step in self._steps]
        assert codes == [0 if succeeds else 1, 0]
        text = (self._folder / "comment.md").read_text(encoding="utf-8")
        assert (self._folder / "summary.md").read_text(encoding="utf-8").endswith(text)
        return text

    def _run(self, step: dict[str, Any]) -> int:
        tools = f"{self._stack.engine.cli.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {
            **self._stack.engine.environment(),
            **step.get("env", {}),
            "PATH": tools,
            "PULUMI_STACK": self._stack.engine.stack,
            "GITHUB_STEP_SUMMARY": str(self._folder / "summary.md"),
        }
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(bash, cwd=self._folder, env=environment, check=False, timeout=200).returncode


@pytest.fixture(scope="module")
def pull_request(tmp_path_factory: pytest.TempPathFactory) -> Generator[_PullRequest]:
    """Of a program with two runs and their monitor, which is up."""
    with yaml_program(tmp_path_factory.mktemp("engine"), TEAM) as stack:
        stack.engine.up()
        yield _PullRequest(stack)


def _open_part(comment: str) -> str:
    """What a reader sees before they unfold anything."""
    lines, depth = list[str](), 0
    for line in comment.splitlines():
        depth += line.count("<details>")
        if not depth:
            lines.append(line)
        depth -= line.count("</details>")
    assert depth == 0
    return "\n".join(lines)


def test_an_empty_change_says_so_and_folds_the_plans(pull_request: _PullRequest) -> None:
    comment = pull_request.comment()
    assert _open_part(comment).split("\n\n") == ["### Preview of `trainings/demo`", "Nothing changes.\n"]
    assert "<details><summary>As before: first, second</summary>\n\n**first**: a training on" in comment


def test_a_changed_setting_shows_its_plan_what_changes_in_it_and_no_other_run(pull_request: _PullRequest) -> None:
    comment = pull_request.comment(("minutes: 30", "minutes: 60"))
    seen = _open_part(comment)
    assert "\n1 to update.\n" in seen
    assert "begins anew" not in seen
    assert "+   - idle: stopped, when `CPUUtilization` stays under 5 for 60 minutes" in seen
    assert "\n- **Look at this**\n  - g5.xlarge has an instance store" in seen
    assert "**first**" not in seen
    assert "\n- target.input.settings.idle.minutes: 30\n+ target.input.settings.idle.minutes: 60\n" in comment


def test_a_replaced_instance_is_said_before_the_plans_and_with_its_cause(pull_request: _PullRequest) -> None:
    comment = pull_request.comment(("--epochs 1", "--epochs 7"))
    seen = _open_part(comment)
    assert "\n4 to replace.\n" in seen
    assert "**first begins anew**: its instance is replaced, because of `userData`." in seen
    assert "**second begins anew**" in seen
    assert "! replace aws:ec2/instance:Instance first\n- userData: python train.py --epochs 1\n" in comment
    assert "\n! userData: known after the update\n" in comment


def test_with_several_changed_runs_their_warnings_come_first_and_their_plans_are_folded(
    pull_request: _PullRequest,
) -> None:
    comment = pull_request.comment(("--epochs 1", "--epochs 7"))
    begun = _open_part(comment).partition("**Look at this**\n\n")[2]
    assert begun.startswith("- first: g5.xlarge has an instance store")
    for run in ("first", "second"):
        assert f"<summary>The plan of {run}</summary>\n\n**{run}**: a training on" in comment
    assert "- **Ends**" not in _open_part(comment)


def test_a_run_that_is_taken_away_is_said(pull_request: _PullRequest) -> None:
    taken = yaml.safe_load(TEAM.read_text(encoding="utf-8"))
    del taken["resources"]["second"]
    del taken["outputs"]
    comment = pull_request.comment((TEAM.read_text(encoding="utf-8"), yaml.safe_dump(taken)))
    assert "**second is removed**: its instance is terminated." in _open_part(comment)
    assert "As before: first" in comment


def test_a_secret_stays_out_of_the_comment(pull_request: _PullRequest) -> None:
    hidden = "command:\n        fn::secret: python train.py --token hush-hush"
    comment = pull_request.comment(("command: python train.py --epochs 1", hidden))
    assert "**first begins anew**" in comment
    assert "hush" not in comment


def test_a_refused_argument_is_the_comment(pull_request: _PullRequest) -> None:
    comment = pull_request.comment(("minutes: 30", "minutes: 3"), succeeds=False)
    seen = _open_part(comment)
    assert "**The preview failed**" in seen
    assert "property idle.minutes with value '{3}' has a problem: got 3; accepted: a whole number of minutes" in seen


def test_a_program_that_cannot_be_read_is_the_comment(pull_request: _PullRequest) -> None:
    comment = pull_request.comment(("resources:", "resources: }"), succeeds=False)
    assert "**The preview failed**" in comment
    assert "invalid YAML file" in comment
