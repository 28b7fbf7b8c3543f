"""The comment on a pull request, from events that an engine seldom brings; the others are in ``tests/engine``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[2] / "examples/pull_request/.github/plan_comment.py"
LIMIT = 65_536
RUN = "urn:pulumi:dev::team::runctl:index:TrainingRun::"


def _comment(folder: Path, events: list[dict[str, Any]] | None = None, errors: str = "") -> str:
    """What the program prints of files with these events and errors; None is no file."""
    if events is not None:
        (folder / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
        (folder / "errors.txt").write_text(errors, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "events.jsonl", "errors.txt"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout


def _error(text: str) -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": "error", "message": text}}


def _policy(name: str, level: str) -> dict[str, Any]:
    return {"policyEvent": {"policyName": name, "enforcementLevel": level, "message": f"It is\n{name}.\n"}}


def _run(name: str, text: str) -> list[dict[str, Any]]:
    """A run that is new."""
    metadata: dict[str, Any] = {"urn": RUN + name, "type": "runctl:index:TrainingRun", "op": "create"}
    new: dict[str, Any] = {"parent": "", "outputs": {"plan_text": text, "plan": {"warnings": []}}}
    return [{"resourcePreEvent": {"metadata": metadata}}, {"resOutputsEvent": {"metadata": {**metadata, "new": new}}}]


DONE: dict[str, Any] = {"summaryEvent": {"result": "succeeded"}}


def test_a_preview_that_has_not_begun_refers_to_the_log(tmp_path: Path) -> None:
    assert "It has not begun: see the log of this workflow." in _comment(tmp_path)


def test_an_engine_that_ends_without_a_summary_has_failed(tmp_path: Path) -> None:
    assert "**The preview failed**" in _comment(tmp_path, _run("llama", "**llama**"), "killed")


def test_an_error_that_holds_a_fence_does_not_end_its_block(tmp_path: Path) -> None:
    assert "\n````\nbefore\n```\nafter\n````\n" in _comment(tmp_path, [_error("before\n```\nafter")])


def test_what_a_policy_demands_stands_before_what_it_advises(tmp_path: Path) -> None:
    events = [_policy("advice", "advisory"), _policy("demand", "mandatory")]
    lines = _comment(tmp_path, events).splitlines()
    assert [line for line in lines if "Policy" in line] == [
        "- **Policy** `demand` (mandatory): It is demand.",
        "- **Policy** `advice` (advisory): It is advice.",
    ]


def test_the_list_of_changes_is_the_first_that_does_not_fit(tmp_path: Path) -> None:
    queues = [
        {"resourcePreEvent": {"metadata": {"urn": f"urn::queue-{number}", "type": "aws:sqs:Queue", "op": "create"}}}
        for number in range(3000)
    ]
    comment = _comment(tmp_path, [*_run("llama", "**llama**"), *queues, DONE])
    assert comment.startswith("### Preview\n\n3001 to create.\n\n**llama**\n\n_The rest does not fit")
    assert "queue" not in comment


def test_plans_that_do_not_fit_are_cut_between_two_lines_and_closed(tmp_path: Path) -> None:
    line = "- a line of a plan\n"
    comment = _comment(tmp_path, [*_run("llama", "**llama**"), *_run("mistral", line * 9999), DONE])
    assert len(comment) <= LIMIT
    assert comment.endswith("- a line of a plan\n</details>\n\n" + comment.splitlines()[-1] + "\n")
    assert comment.count("<details>") == comment.count("</details>")
