"""The user data: what is in it, what is kept out of it, and how much of it EC2 takes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.patterns import matches
from monitor_runtime.contract.settings import Settings
from runctl_component.box import user_data
from runctl_component.box.box_tags import TAG_RUNNER, box_tags, written_failure, written_success
from runctl_component.box.runner_archive import runner_digest
from runctl_component.box.user_data import MAX_USER_DATA_BYTES, Training, render_user_data

RUNNER = Path(user_data.__file__).parent / "runner"
ROOM_BYTES = 11_500
"""For the command and its environment."""
SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "runs/llama/")


def render(command: str = "python train.py", environment: dict[str, str] | None = None) -> str:
    return render_user_data(
        Training(
            command=command,
            environment=environment or {},
            run="llama",
            bucket="outputs",
            prefix="runs/llama/",
            region="us-east-1",
        )
    )


def test_the_command_can_be_read_in_the_preview() -> None:
    assert "\npython train.py --out $RUNCTL_OUTPUT_URI\n" in render("python train.py --out $RUNCTL_OUTPUT_URI")


def test_the_order_of_the_environment_does_not_show() -> None:
    assert render(environment={"A": "1", "B": "2"}) == render(environment={"B": "2", "A": "1"})


def test_a_command_that_holds_the_closing_word_is_closed_by_another_one() -> None:
    assert "\nEND\nEND_\nEND__\n" in render("END\nEND_")


def test_user_data_begins_as_a_script_that_cloud_init_runs() -> None:
    assert render().startswith("#!/bin/bash\n")


def test_the_runner_leaves_room_for_the_command() -> None:
    assert len(render("").encode()) <= MAX_USER_DATA_BYTES - ROOM_BYTES


@pytest.mark.parametrize("odd", ["'\"\\$(touch owned)`x`", "ä\n\tb", "END", "\u2028"])
def test_the_environment_and_the_place_travel_as_data(odd: str) -> None:
    text = render(environment={"ODD": odd})
    (written,) = re.findall(r"environment.json\" <<'END'\n(.*?)\nEND\n", text, re.DOTALL)
    assert json.loads(written) == {"ODD": odd}


def test_line_ends_of_windows_in_the_command_are_normalized() -> None:
    assert "\nset -e\nfalse\n" in render("set -e\r\nfalse\r\n")
    assert "\r" not in render("set -e\r\nfalse\r\n")


def test_comments_of_the_command_are_the_users_own() -> None:
    assert "\n# two epochs\n" in render("# two epochs\ntrue")


def test_the_box_is_told_its_markers_and_its_limits_by_tags() -> None:
    assert box_tags(SETTINGS) == {
        "runctl:failure-marker": "training_failed.txt",
        "runctl:power-off-after-seconds": str(24 * 3600 + 20 * 60),
        "runctl:power-off-unmarked-seconds": "3600",
        "runctl:runner": runner_digest(),
        "runctl:shutdown-timeout-seconds": "120",
        "runctl:success-marker": "training_complete.txt",
    }


def test_every_tag_for_the_box_is_read_by_its_runner_or_by_what_fetches_it() -> None:
    runner = "".join(path.read_text() for path in RUNNER.rglob("*.py"))
    assert f'"tags/instance/{TAG_RUNNER}"' in (RUNNER.parent / "fetch_runner.py").read_text()
    unread = [
        key for key in box_tags(SETTINGS).keys() - {TAG_RUNNER} if f'"{key.removeprefix("runctl:")}")' not in runner
    ]
    assert unread == []


@pytest.mark.parametrize(
    ("changes", "tag", "expected"),
    [
        ({"markers": ("done-*", "all.done", "COMPLETE")}, "runctl:success-marker", "all.done"),
        ({"markers": ()}, "runctl:success-marker", "training_complete.txt"),
        ({"markers": ("*_complete.txt",)}, "runctl:success-marker", "training_complete.txt"),
        ({"failure_markers": ("FAIL[12]", "FAIL?", "broken")}, "runctl:failure-marker", "broken"),
        ({"max_runtime_hours": 0.5}, "runctl:power-off-after-seconds", "3000"),
        ({"max_runtime_hours": 0.0}, "runctl:power-off-after-seconds", None),
        ({"on_deadline": Action.REPORT}, "runctl:power-off-after-seconds", None),
        ({"on_deadline": Action.TERMINATE}, "runctl:power-off-after-seconds", "87600"),
        ({"shutdown_timeout_seconds": 600}, "runctl:shutdown-timeout-seconds", "600"),
    ],
)
def test_the_tags_follow_the_settings(changes: dict[str, Any], tag: str, expected: str | None) -> None:
    changed = replace(SETTINGS, **changes)
    assert box_tags(changed).get(tag) == expected


def test_a_box_that_may_not_give_up_is_not_told_when() -> None:
    told = box_tags(SETTINGS), box_tags(SETTINGS, powers_off_unmarked=False)
    assert set(told[0]) - set(told[1]) == {"runctl:power-off-unmarked-seconds"}


@pytest.mark.parametrize(
    "pattern",
    [
        "done-*",
        "*.done",
        "v?.ok",
        "FAIL[12]",
        "[a-f]*",
        "x*",
        "[*]done",
        "[!!]done",
        "[!0-9a-zA-Z]x",
        "[]-a]",
        "[]x",
        "a[b",
        "[[]?][!]x]",
    ],
)
def test_a_marker_with_wildcards_alone_is_matched_by_what_the_box_writes(pattern: str) -> None:
    assert matches(pattern, written_success((pattern,)))
    assert matches(pattern, written_failure((pattern,)))
