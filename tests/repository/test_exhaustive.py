"""What is one of several is everywhere where the others are: outcomes, arguments, alarms, defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from runctl_component.args.declared import IdleArgs, MonitorArgs, StalledArgs, TrainingRunArgs, WatchArgs
from runctl_component.args.defaults import SETTINGS_FIELDS, complete, to_settings
from runctl_component.args.monitor_rules import MONITOR_RULES, WATCH_RULES
from runctl_component.args.run_rules import RUN_RULES
from runctl_component.plan.plan import build_plan
from runctl_component.plan.plan_type import Plan
from runctl_component.plan.surroundings import Surroundings
from sandbox.demo.scenarios import SCENARIOS

from ..runctl_component.forms import ALL, BASE, registered

ROOT = Path(__file__).resolve().parents[2]
DOCS = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md")}

INSTANCE = (
    *("instance_type", "ami", "command", "environment", "secrets", "code", "subnet_id", "security_group_ids"),
    *("key_name", "server_side_encryption", "iam_instance_profile", "root_volume_gib", "spot_max_price", "tags"),
)
NOT_IN_THE_PLAN: Mapping[str, str] = {
    **dict.fromkeys(INSTANCE, "the instance's own diff shows it"),
    **dict.fromkeys(("bucket", "prefix"), "where a run writes is an output of its own, for which no plan waits"),
    **dict.fromkeys(("policy_arns", "permissions_boundary_arn", "role_path"), "the diff of the roles shows it"),
    "kms_key_arn": "the diff of the policies shows it",
    "monitor": "the diff of the heartbeat shows it",
    "notify_key_arn": "the diff of the policies shows it",
    "notify_topic_arn": "the diff of the alarms shows it",
    "silence_minutes": "the diff of the alarms shows it",
    "log_retention_days": "the diff of the log group shows it",
    "checkpoint_patterns": "the settings say what verification looks for, the plan how long that may take",
    "share_last_words": "it changes what is told of an ending, not the ending",
}
"""Arguments of a run that change no word of its plan, with the reason."""


def _rows(page: str, heading: str) -> list[str]:
    """What stands in the first column of the table below a heading."""
    table = DOCS[page].partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [row for row in re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:] if not row.startswith("-")]


def _watched_in_every_way() -> Settings:
    idle, stalled = Idle("CPUUtilization", 5, 30), Stalled(("checkpoints/*.pt",), 60)
    return Settings("llama", "project/stack/monitor", "outputs", "llama/", idle=idle, stalled=stalled)


def test_every_outcome_has_its_words_in_the_plan() -> None:
    settings = _watched_in_every_way()
    assert set(build_plan(settings, Surroundings(spot="persistent"))["endings"]) == set(Outcome)


def test_every_outcome_is_explained() -> None:
    assert {row.strip("`") for row in _rows("how-a-run-ends", "Outcomes")} == set(Outcome)


def test_every_outcome_is_one_that_the_json_of_the_status_may_have() -> None:
    (described,) = [row for row in DOCS["status"].splitlines() if row.startswith("| `outcome` |")]
    assert set(re.findall(r"`(\w+)`", described)) - {"outcome"} == set(Outcome)


def test_every_outcome_has_a_scenario_that_ends_so() -> None:
    """And the census of the simulation counts how often each of them is recorded."""
    assert {scenario.outcome for scenario in SCENARIOS.values()} - {None} == set(Outcome)


@pytest.mark.parametrize(
    ("declared", "rules"),
    [(TrainingRunArgs, RUN_RULES), (MonitorArgs, MONITOR_RULES), (WatchArgs, WATCH_RULES)],
    ids=["run", "monitor", "watch"],
)
def test_every_argument_has_its_rule(declared: type, rules: Mapping[str, object]) -> None:
    assert set(declared.__annotations__) == set(rules)


def test_a_run_can_declare_of_its_own_monitor_whatever_does_not_follow_from_the_run() -> None:
    """What is watched is the place to which the run writes."""
    assert set(MonitorArgs.__annotations__) - set(TrainingRunArgs.__annotations__) == {"watch"}


@pytest.mark.parametrize(("declared", "settings"), [(IdleArgs, Idle), (StalledArgs, Stalled)])
def test_every_setting_within_a_setting_is_an_argument(declared: type, settings: type) -> None:
    assert set(declared.__annotations__) == set(settings.__annotations__)


def _plan(args: Mapping[str, Any]) -> Plan:
    settings = to_settings(
        "llama", "project/stack/monitor", complete("llama", args), box_reports="user_data" not in args
    )
    return build_plan(settings, Surroundings(spot=args.get("spot"), has_dashboard=args.get("dashboard", True)))


@pytest.mark.parametrize("field", sorted(RUN_RULES))
def test_every_argument_changes_the_plan_or_has_a_reason_why_not(field: str) -> None:
    samples: dict[str, Any] = {**ALL, "spot": "persistent", "on_failure": "report", "on_deadline": "report"}
    samples["dashboard"] = False
    base: dict[str, Any] = {"bucket": "outputs", "command": "python train.py"}
    given = {"on_complete": "report"} if field == "on_complete" else {field: samples.get(field)}
    changes = field in {*SETTINGS_FIELDS, "spot", "user_data", "dashboard"} and _plan({**base, **given}) != _plan(base)
    assert changes is (field not in NOT_IN_THE_PLAN)


def test_every_reason_is_about_an_argument() -> None:
    assert set(NOT_IN_THE_PLAN) <= set(RUN_RULES)


def test_every_alarm_has_its_row_in_the_documentation() -> None:
    made = [alarm.name.removeprefix("llama-ft-monitor-") for alarm in registered(BASE).of("MetricAlarm")]
    rows = _rows("operating", "When an alarm goes off")
    assert sorted(name.replace("-", " ") for name in made) == sorted(rows)


@pytest.mark.parametrize("page", sorted({*DOCS} - {"arguments"}))
def test_no_page_but_the_generated_one_repeats_a_default(page: str) -> None:
    """The page of arguments takes them from the code; a sentence elsewhere would go on saying the old one."""
    assert re.findall(r"[Dd]efault(?:s to|:)? `?\d+", DOCS[page]) == []
    assert "`300`" in DOCS["arguments"]


def test_the_table_of_outcomes_and_the_plan_name_the_same_arguments() -> None:
    """An outcome whose ending is declared changes with that argument, and no other."""
    table = DOCS["how-a-run-ends"].partition("## Outcomes\n")[2].partition("\n## ")[0]
    stated = dict(re.findall(r"^\| `(\w+)` \| .* \| `(on_\w+)` \|$", table, re.MULTILINE))
    settings = _watched_in_every_way()
    before = build_plan(settings)["endings"]
    for argument in ("on_complete", "on_failure", "on_deadline"):
        after = build_plan(replace(settings, **{argument: "report"}))["endings"]
        changed = {outcome for outcome in before if before[outcome] != after[outcome]} - {"unverified"}
        assert changed == {outcome for outcome, by in stated.items() if by == argument}
