"""The plan as a reviewer reads it: kept texts of a handful of runs, and what each line rests on.

Where a text is missing in ``texts``, it is written, and the test fails once: read it, and commit it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from runctl_component import TrainingRun
from runctl_component.plan.plan import build_plan
from runctl_component.plan.plan_text import plan_text
from runctl_component.plan.surroundings import Surroundings

from ..forms import BASE
from ..recording import record, unknown

KEPT = Path(__file__).parent / "texts"
SETTINGS = Settings("llama-ft", "team/dev/runs", "outputs", "runs/llama-ft/", box_reports=True)
AROUND = Surroundings(
    instance_type="m7i.xlarge", notifies=True, command="python train.py", output_uri="s3://outputs/runs/llama-ft/"
)
LONGEST_COMMENT = 25
SHOWN_CHARACTERS = 150
"""Of each line of a text, in the diff of a preview."""


@dataclass(frozen=True)
class Configuration:
    """A run for which a text is kept."""

    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    around: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def made(self) -> tuple[Settings, Surroundings]:
        return replace(SETTINGS, **self.settings), replace(AROUND, **self.around)


TERMINATED = dict.fromkeys(("on_complete", "on_failure", "on_deadline"), Action.TERMINATE)
CONFIGURATIONS = {
    "default": Configuration(),
    "one-time-spot": Configuration(
        {**TERMINATED, "checkpoint_patterns": ("final.pt",), "s3_events": True},
        {"spot": "one-time", "powers_off_unmarked": False},
    ),
    "everything-watched": Configuration(
        {
            "idle": Idle("CPUUtilization", 5, 30),
            "stalled": Stalled(("checkpoints/*.pt", "step-*"), 90),
            "expected_outputs": ("model/*.safetensors",),
            "on_complete": Action.TERMINATE,
            "max_runtime_hours": 72.0,
        },
        {"spot": "persistent", "instance_type": "p5.48xlarge"},
    ),
    "script-of-ones-own": Configuration(
        {"box_reports": False, "on_failure": Action.REPORT}, {"command": None, "notifies": False}
    ),
    "nothing-ends-it": Configuration(
        {"max_runtime_hours": 0.0, "on_complete": Action.REPORT, "on_failure": Action.REPORT},
        {**dict.fromkeys(("command", "instance_type", "notifies", "output_uri")), "powers_off_unmarked": False},
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_reviewer_reads_the_plan(name: str) -> None:
    text = plan_text(*CONFIGURATIONS[name].made()) + "\n"
    kept = KEPT / f"{name}.md"
    if not kept.exists():
        kept.write_text(text, encoding="utf-8")
        pytest.fail(f"{kept} was missing, and is written now: read it, and commit it")
    assert text == kept.read_text(encoding="utf-8")


def test_each_kept_text_belongs_to_a_configuration() -> None:
    assert {path.stem for path in KEPT.glob("*.md")} == set(CONFIGURATIONS)


def test_the_text_of_the_default_run_is_short_enough_for_a_comment() -> None:
    lines = plan_text(*CONFIGURATIONS["default"].made()).splitlines()
    assert len(lines) <= LONGEST_COMMENT
    assert [line for line in lines if len(line) > SHOWN_CHARACTERS] == []


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_text_says_every_ending_bound_and_warning_of_the_plan_and_no_other(name: str) -> None:
    made = CONFIGURATIONS[name].made()
    plan = build_plan(*made)
    listed = [line.removeprefix("  - ") for line in plan_text(*made).splitlines() if line.startswith("  - ")]
    plain = [line.replace("`", "") for line in listed]
    endings = [f"{outcome}: {words}" for outcome, words in plan["endings"].items()]
    bounds = list(plan["longest_run"].values())
    assert plain[: len(plan["warnings"])] == plan["warnings"]
    assert plain[len(plan["warnings"]) : -len(bounds)] == endings
    assert [line.partition(": ")[2] for line in plain[-len(bounds) :]] == bounds


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_no_pattern_is_taken_for_emphasis(name: str) -> None:
    text = plan_text(*CONFIGURATIONS[name].made())
    outside_of_code = re.sub(r"`[^`]*`", "", text).replace("**", "")
    assert "*" not in outside_of_code


def _line(label: str, changes: dict[str, Any] | None = None, **around: Any) -> str:
    text = plan_text(replace(SETTINGS, **(changes or {})), replace(AROUND, **around))
    (line,) = [line for line in text.splitlines() if line.startswith(f"- **{label}**")]
    return line


@pytest.mark.parametrize(
    ("changes", "spot", "stays", "deleted"),
    [
        ({}, None, True, []),
        (TERMINATED, None, True, [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.DEADLINE]),
        (TERMINATED, "one-time", False, []),
        ({"on_failure": Action.TERMINATE}, "persistent", True, [Outcome.FAILED]),
    ],
)
def test_the_disk_is_said_to_stay_or_to_go_with_the_instance(
    changes: dict[str, Any], spot: str | None, stays: bool, deleted: list[Outcome]
) -> None:
    line = _line("Disk and work", changes, spot=spot)
    assert ("stays with the stopped instance" in line) is stays
    named = re.search(r"deleted with the instance \((.*?)\)", line)
    assert (named[1].split(", ") if named else []) == deleted


def test_a_disk_that_nothing_takes_is_said_to_stay() -> None:
    reported: dict[str, Any] = dict.fromkeys(("on_complete", "on_failure", "on_deadline"), Action.REPORT)
    assert "nothing ends the instance, so its disk stays" in _line("Disk and work", reported)


def test_a_stopped_instance_that_is_removed_later_takes_its_disk_along() -> None:
    assert "and is deleted 3 days after a success" in _line("Disk and work", {"terminate_after_days": 3})


@pytest.mark.parametrize(
    ("notifies", "words"),
    [(True, "its topic: that"), (False, "nobody: there is no notify_topic_arn"), (None, "if that has one, which this")],
)
def test_who_is_told_is_said(notifies: bool | None, words: str) -> None:
    assert words in _line("Tells", notifies=notifies)


def test_a_box_that_never_reports_is_not_said_to_be_missed() -> None:
    assert "has not begun within 20 min" in _line("Tells")
    assert "has not begun" not in _line("Tells", {"box_reports": False})


def test_the_costs_are_those_of_the_plan() -> None:
    plan = build_plan(SETTINGS, AROUND)
    run, monitor = plan["dollars_per_day"]["total"], plan["monitor_dollars_per_day"]["total"]
    assert f"${run:.4f} {plan['per_day_words']}, and ${monitor:.2f} a day" in _line("Watching costs")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("python train.py", "`python train.py`, which"),
        ("\n  python a.py\npython b.py\n", "`python a.py` and 1 more line, which"),
        ("a\nb\nc", "`a` and 2 more lines, which"),
        ("echo `date`", "`` echo `date` ``, which"),
        ("x" * 200, f"`{'x' * 100}...`, which"),
        (None, "a command that this preview does not show, which"),
    ],
)
def test_a_command_is_shown_by_its_first_line(command: str | None, shown: str) -> None:
    assert _line("Runs", command=command).startswith(f"- **Runs** {shown}")


def _text(*, preview: bool = True, **args: Any) -> tuple[str, bool]:
    """Of a run, and whether it is a secret; what is callable makes an arg while the program runs."""

    def program() -> dict[str, Any]:
        made = {name: value() if callable(value) else value for name, value in args.items()}
        run = TrainingRun("llama-ft", cast("Any", {**BASE, **made}))
        return {"text": run.plan_text, "is secret": pulumi.Output.from_input(run.plan_text.is_secret())}

    outputs = record(program, preview=preview).outputs
    return outputs["text"], outputs["is secret"]


def test_the_text_is_the_same_in_a_preview_and_after_it() -> None:
    assert _text() == _text(preview=False)
    assert "`s3://outputs/team/dev/llama-ft/`" in _text()[0]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("bucket", "writes to a place in S3 that this preview does not show"),
        ("instance_type", "a training on one instance of a type that this preview does not show"),
        ("command", "a command that this preview does not show"),
    ],
)
def test_what_is_unknown_in_a_preview_is_said_in_words_and_hides_nothing_else(field: str, words: str) -> None:
    args: dict[str, Any] = {field: unknown}
    text, _ = _text(**args)
    assert words in text
    assert "24 h after the launch" in text


def test_what_is_secret_is_not_shown() -> None:
    text, is_secret = _text(
        command=lambda: pulumi.Output.secret("hunter2"), prefix=lambda: pulumi.Output.secret("hunter2")
    )
    assert ("hunter2" in text, is_secret) == (False, False)


def test_what_an_output_holds_is_shown_where_it_is_known() -> None:
    text, _ = _text(instance_type=lambda: pulumi.Output.from_input("p3.8xlarge"))
    assert text.startswith("**llama-ft**: a training on one `p3.8xlarge`, on demand\n")


def test_a_plan_that_follows_from_what_is_unknown_says_so() -> None:
    text, _ = _text(max_runtime_hours=unknown)
    assert text.startswith("**llama-ft**: how it ends follows from `max_runtime_hours`, which is not known in this")
