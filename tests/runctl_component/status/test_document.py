"""The JSON document: what programs read must stay where it is."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

from runctl_component.status.document import VERSION, to_document
from runctl_component.status.run_status import HeartbeatState, RunState
from runctl_component.status.statuses import statuses
from runctl_component.status.values import ReadError

from .readings_builders import MONITOR, NOW, RUN, before, check, instance, readings

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "status.md").read_text(encoding="utf-8")
DOCUMENT = {
    "version": 1,
    "at": "2026-03-02T12:00:00Z",
    "region": "us-east-1",
    "runs": [
        {
            "monitor": "team/dev/runs",
            "run": "llama-ft",
            "state": "running",
            "outcome": None,
            "reason": "training",
            "instance_id": "i-0123456789abcdef0",
            "instance_state": "running",
            "launched_at": "2026-03-02T09:00:00Z",
            "ended_at": None,
            "hold_until": None,
            "deadline_at": "2026-03-03T09:00:00Z",
            "has_deadline": True,
            "switch_at": None,
            "heartbeat": "enabled",
            "check_every_seconds": 300,
            "last_check": {
                "at": "2026-03-02T11:59:00Z",
                "trigger": "heartbeat",
                "decision": "wait",
                "reason": "training",
                "unmet": ["model.pt: absent"],
                "seen": [],
                "problems": ["a problem"],
            },
            "next_check_at": "2026-03-02T12:04:00Z",
            "output_uri": "s3://outputs/runs/llama-ft/",
            "log_uri": "s3://outputs/runs/llama-ft/runctl/",
            "problems": ["a problem"],
        }
    ],
    "unread": [
        {
            "right": "scheduler:GetSchedule",
            "denied": True,
            "lacks": "what runs declare: deadlines and intervals",
            "error": "scheduler:GetSchedule: AccessDeniedException: no",
        }
    ],
}


def test_a_run_has_all_of_its_fields() -> None:
    last = check(next_check_at=NOW + timedelta(minutes=4), unmet=("model.pt: absent",), problems=("a problem",))
    denied = ReadError("scheduler:GetSchedule", "no", "AccessDeniedException", denied=True)
    read = readings(instance(success_marker="done"), checks={(MONITOR, RUN): last}, unread=(denied,))
    document = json.loads(json.dumps(to_document(read, statuses(read))))
    assert document == DOCUMENT


def test_an_ending_is_told_in_words_that_programs_compare() -> None:
    tags = {"outcome": "unverified", "ended_at": before(minutes=9)}
    read = readings(instance("stopped", **tags))
    (run,) = to_document(read, statuses(read))["runs"]
    assert (run["state"], run["outcome"], run["ended_at"]) == ("ended", "unverified", "2026-03-02T11:51:00Z")


def test_the_page_tells_of_every_field_and_every_word() -> None:
    read = readings(instance())
    document = to_document(read, statuses(read))
    (run,) = document["runs"]
    section = PAGE.partition("## As JSON\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([\w-]+)`", section))
    assert {*document, *run, *run["last_check"]} - named == set()
    assert [word for word in (*RunState, *HeartbeatState) if f"`{word}`" not in PAGE] == []
    assert f"| `version` | {VERSION} |" in section
