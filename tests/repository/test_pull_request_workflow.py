"""The workflow of the example for pull requests, by GitHub's schema, zizmor's audits, and what it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "examples/pull_request/.github/workflows/preview.yml"
TEXT = WORKFLOW.read_text(encoding="utf-8")
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["jobs"]
EXPRESSIONS = {
    "github.event.pull_request.number",
    "!cancelled()",
    "!cancelled() && needs.preview.result != 'skipped'",
    *("vars.PULUMI_BACKEND_URL", "vars.PULUMI_STACK", "vars.PREVIEW_ROLE_ARN", "vars.AWS_REGION"),
}


def _printed(program: str, *arguments: str) -> str:
    """What a tool of this environment finds; nothing when it exits without a finding."""
    command = [str(Path(sys.executable).parent / program), *arguments, str(WORKFLOW)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def _steps(job: str, program: str) -> list[dict[str, Any]]:
    """The steps that use an action, or run a program."""
    return [step for step in JOBS[job]["steps"] if program in step.get("uses", step.get("run", ""))]


def test_github_understands_the_workflow() -> None:
    assert _printed("check-jsonschema", "--builtin-schema", "vendor.github-workflows") == ""


def test_zizmor_finds_nothing_in_the_workflow() -> None:
    assert _printed("zizmor", "--offline", "--quiet", "--persona", "auditor") == ""


def test_every_expression_is_known_here_and_none_is_a_secret() -> None:
    assert set(re.findall(r"\$\{\{ *(.+?) *\}\}", TEXT)) == EXPRESSIONS
    assert "secrets." not in TEXT


def test_a_job_has_the_credentials_or_the_right_to_comment_and_never_both() -> None:
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "preview": {"contents": "read", "id-token": "write"},
        "comment": {"pull-requests": "write"},
    }
    assert _steps("comment", "checkout") == _steps("comment", "python") == []


def test_the_pull_request_of_a_fork_gets_neither_credentials_nor_a_comment() -> None:
    assert JOBS["preview"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert "needs.preview.result != 'skipped'" in JOBS["comment"]["if"]
    assert yaml.safe_load(TEXT)[True] == "pull_request"


def test_every_action_is_pinned_by_its_commit_beside_its_version() -> None:
    used = re.findall(r"uses: (.+)", TEXT)
    assert [each for each in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []
    assert len(used) == 7


def test_a_failing_preview_is_commented_too() -> None:
    (written,) = _steps("preview", "plan_comment.py")
    (kept,) = _steps("preview", "upload-artifact")
    assert written["if"] == kept["if"] == "${{ !cancelled() }}"
    assert "!cancelled()" in JOBS["comment"]["if"]


def test_the_comment_is_the_one_that_was_there_before() -> None:
    (posted,) = _steps("comment", "sticky-pull-request-comment")
    assert posted["with"] == {"header": "runctl-preview", "path": "comment.md"}


def test_a_newer_push_ends_the_preview_of_an_older_one() -> None:
    assert yaml.safe_load(TEXT)["concurrency"] == {
        "group": "preview-${{ github.event.pull_request.number }}",
        "cancel-in-progress": True,
    }


def test_the_page_names_every_variable_of_the_repository_and_no_other() -> None:
    page = (ROOT / "docs/pull-requests.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(re.findall(r"vars\.(\w+)", TEXT))


def test_the_page_copies_the_folder_in_which_the_workflow_finds_its_program() -> None:
    page = (ROOT / "docs/pull-requests.md").read_text(encoding="utf-8")
    (copied,) = re.findall(r"^cp -r \.\./runctl-pulumi/(\S+) \.$", page, re.MULTILINE)
    (written,) = _steps("preview", "plan_comment.py")
    assert (ROOT / copied).parent.joinpath(written["run"].split()[1]).is_file()
