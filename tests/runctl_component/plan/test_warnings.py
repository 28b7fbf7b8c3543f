"""The plan warns of what a reviewer should see, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings
from runctl_component import Monitor, TrainingRun
from runctl_component.plan.surroundings import Surroundings
from runctl_component.plan.warnings import has_local_disk, warnings

from ..forms import BASE, KEY, TOPIC
from ..recording import record, unknown

SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "llama/", box_reports=True)
QUIET = Surroundings(instance_type="t3.large", notifies=True)
TERMINATED = {"on_complete": Action.TERMINATE}


def _warnings(changes: dict[str, Any] | None = None, **around: Any) -> list[str]:
    return warnings(replace(SETTINGS, **(changes or {})), replace(QUIET, **around))


def test_there_is_no_warning_where_there_is_nothing_to_say() -> None:
    assert _warnings() == []


@pytest.mark.parametrize(
    ("changes", "around", "words"),
    [
        ({}, {"notifies": False}, "no notify_topic_arn"),
        ({}, {"encrypted_topic": True}, "cloudwatch.amazonaws.com"),
        (TERMINATED, {}, "terminate without verification"),
        ({}, {"spot": "one-time"}, "work that cannot be verified keeps it running, until its deadline"),
        ({"max_runtime_hours": 0.0}, {"spot": "one-time"}, "keeps it running, for ever, since it has no deadline"),
        ({"on_complete": Action.REPORT}, {"spot": "one-time"}, "terminated, and its disk is lost"),
        ({}, {"instance_type": "g5.xlarge"}, "g5.xlarge has an instance store"),
        ({"box_reports": False}, {}, "no third layer"),
    ],
)
def test_each_danger_has_one_sentence(changes: dict[str, Any], around: dict[str, Any], words: str) -> None:
    (warning,) = _warnings(changes, **around)
    assert words in warning


@pytest.mark.parametrize(
    ("changes", "around"),
    [
        ({}, {"notifies": None}),
        ({**TERMINATED, "checkpoint_patterns": ("*.pt",)}, {}),
        ({**TERMINATED, "markers": (), "expected_outputs": ("model.bin",)}, {}),
        (dict.fromkeys(("on_complete", "on_failure", "on_deadline"), Action.REPORT), {"instance_type": "g5.xlarge"}),
        ({"max_runtime_hours": 0.0, "box_reports": False}, {}),
        ({"on_deadline": Action.REPORT, "box_reports": False}, {}),
        ({}, {"instance_type": None}),
    ],
)
def test_what_is_no_danger_has_none(changes: dict[str, Any], around: dict[str, Any]) -> None:
    assert _warnings(changes, **around) == []


def test_all_dangers_together_come_in_one_order_and_once() -> None:
    changes = {**TERMINATED, "box_reports": False}
    around = {"notifies": False, "spot": "one-time", "instance_type": "p5.48xlarge"}
    found = _warnings(changes, **around)
    assert found == _warnings(changes, **around)
    assert len(found) == len(set(found)) == 4


@pytest.mark.parametrize(
    "family", ["g4dn", "g5", "g6e", "p3dn", "p4d", "p4de", "p5en", "p6-b200", "trn1", "m6gd", "i4i"]
)
def test_families_with_an_instance_store_are_known(family: str) -> None:
    assert has_local_disk(f"{family}.xlarge")


@pytest.mark.parametrize("family", ["t3", "m5", "c7g", "g5g", "p3", "p2", "inf1", "r6in", ""])
def test_families_without_one_are_not_warned_of(family: str) -> None:
    assert not has_local_disk(f"{family}.xlarge")


def _plan_of(args: dict[str, Any], monitor: dict[str, Any] | None = None) -> list[str]:
    def program() -> dict[str, Any]:
        shared = Monitor("shared", cast("Any", {"watch": [{"bucket": "outputs"}], **monitor})) if monitor else None
        run = TrainingRun("llama", cast("Any", {**BASE, "instance_type": "t3.large", **args}), monitor=shared)
        return {"plan": run.plan}

    return record(program).outputs["plan"]["warnings"]


def test_a_run_with_a_topic_of_its_own_or_of_its_monitor_is_not_warned_of_silence() -> None:
    assert _plan_of({"notify_topic_arn": TOPIC}) == []
    assert _plan_of({}, {"notify_topic_arn": TOPIC}) == []
    assert "no notify_topic_arn" in _plan_of({})[0]
    assert "no notify_topic_arn" in _plan_of({}, {"s3_events": False})[0]


def test_a_key_of_the_topic_is_warned_of_wherever_it_is_declared() -> None:
    topic = {"notify_topic_arn": TOPIC, "notify_key_arn": KEY}
    assert "cloudwatch.amazonaws.com" in _plan_of(topic)[0]
    assert "cloudwatch.amazonaws.com" in _plan_of({}, topic)[0]


def test_what_a_preview_does_not_know_hides_no_plan() -> None:
    def program() -> dict[str, Any]:
        run = TrainingRun("llama", cast("Any", {**BASE, "notify_topic_arn": TOPIC, "instance_type": unknown()}))
        return {"plan": run.plan}

    assert record(program, preview=True).outputs["plan"]["warnings"] == []
