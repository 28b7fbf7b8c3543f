"""The plan warns of what a reviewer should see, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Settings, Stalled
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
        ({}, {"instance_type": "g5.xlarge"}, "g5.xlarge has an instance store"),
        ({"box_reports": False}, {}, "no third layer"),
        ({"max_runtime_hours": 0.0}, {}, "no deadline: there is no deadline switch and no timer"),
        ({"on_deadline": Action.REPORT}, {}, "on_deadline: report: there is no deadline switch and no timer"),
        ({"on_complete": Action.REPORT}, {}, "on_complete: report: a run that ended so is only told"),
        (
            {"on_complete": Action.REPORT, "on_failure": Action.REPORT},
            {},
            "on_complete and on_failure: report: a run that ended so is only told, and its instance goes on until its",
        ),
        ({"failure_markers": ()}, {}, "no failure_markers: that a training has failed is not noticed"),
        ({"max_runtime_hours": 336.0}, {"instance_type": "p3.16xlarge"}, "keeps its p3.16xlarge for 14 days"),
    ],
)
def test_each_danger_has_one_sentence(changes: dict[str, Any], around: dict[str, Any], words: str) -> None:
    (warning,) = _warnings(changes, **around)
    assert words in warning


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_runtime_hours": 0.0}, "keeps it running, for ever, since it has no deadline"),
        ({"on_deadline": Action.REPORT}, "keeps it running, for ever, since its deadline is only reported"),
        ({"on_complete": Action.REPORT}, "what is to be stopped is terminated, and its disk is lost"),
    ],
)
def test_what_becomes_of_a_one_time_spot_instance_is_said_as_it_is(changes: dict[str, Any], words: str) -> None:
    assert sum(words in each for each in _warnings(changes, spot="one-time")) == 1


@pytest.mark.parametrize(
    ("changes", "around"),
    [
        ({}, {"notifies": None}),
        ({**TERMINATED, "checkpoint_patterns": ("*.pt",)}, {}),
        ({**TERMINATED, "markers": (), "expected_outputs": ("model.bin",)}, {}),
        ({"max_runtime_hours": 168.0}, {"instance_type": "p3.16xlarge"}),
        ({"max_runtime_hours": 336.0}, {"instance_type": "r6i.xlarge"}),
        ({"max_runtime_hours": 336.0}, {"instance_type": None}),
        ({"max_runtime_hours": 336.0, "stalled": Stalled(("*.pt",), 90)}, {"instance_type": "p3.16xlarge"}),
        ({"max_runtime_hours": 336.0, "idle": Idle("gpu", 5, 30)}, {"instance_type": "p3.16xlarge"}),
        ({}, {"instance_type": None}),
    ],
)
def test_what_is_no_danger_has_none(changes: dict[str, Any], around: dict[str, Any]) -> None:
    assert _warnings(changes, **around) == []


@pytest.mark.parametrize(
    ("changes", "around", "words"),
    [
        (
            dict.fromkeys(("on_complete", "on_failure", "on_deadline"), Action.REPORT),
            {"instance_type": "g5.xlarge"},
            "store",
        ),
        ({"max_runtime_hours": 0.0, "box_reports": False}, {}, "third layer"),
        ({"on_deadline": Action.REPORT, "box_reports": False}, {}, "third layer"),
        ({"failure_markers": (), "box_reports": False}, {}, "failure_markers"),
        ({"max_runtime_hours": 0.0, "on_deadline": Action.REPORT}, {}, "on_deadline: report"),
        ({"on_failure": Action.REPORT}, {}, "on_complete"),
    ],
)
def test_what_is_no_danger_beside_another_has_no_sentence(
    changes: dict[str, Any], around: dict[str, Any], words: str
) -> None:
    found = _warnings(changes, **around)
    assert found
    assert not any(words in each for each in found)


def test_a_hang_that_is_only_reported_is_ended_by_the_deadline_alone() -> None:
    changes = {"max_runtime_hours": 336.0, "idle": Idle("gpu", 5, 30), "on_failure": Action.REPORT}
    assert any("set idle or stalled" in each for each in _warnings(changes, instance_type="p3.16xlarge"))


@pytest.mark.parametrize("family", ["f2", "g5", "gr6", "inf2", "p5en", "trn2"])
def test_a_hang_is_costly_on_every_family_with_accelerators(family: str) -> None:
    found = _warnings({"max_runtime_hours": 336.0}, instance_type=f"{family}.48xlarge")
    assert any("set idle or stalled" in each for each in found)


def test_all_dangers_together_come_in_one_order_and_once() -> None:
    changes = {**TERMINATED, "box_reports": False}
    around = {"notifies": False, "spot": "one-time", "instance_type": "p5.48xlarge"}
    found = _warnings(changes, **around)
    assert found == _warnings(changes, **around)
    assert len(found) == len(set(found)) == 4


@pytest.mark.parametrize(
    "family", ["dl1", "g4dn", "g5", "g6e", "p3dn", "p4d", "p4de", "p5en", "p6-b200", "trn1", "m6gd", "i4i"]
)
def test_families_with_an_instance_store_are_known(family: str) -> None:
    assert has_local_disk(f"{family}.xlarge")


def test_the_families_with_an_instance_store_are_those_of_which_ec2_says_so() -> None:
    """By what DescribeInstanceTypes answers, as moto has it; a Mac cannot be a training's."""
    said = {name: each.get("InstanceStorageSupported", False) for name, each in INSTANCE_TYPES.items()}
    on_linux = {name: has_store for name, has_store in said.items() if not name.startswith("mac")}
    assert len(on_linux) > 1000
    assert {name for name, has_store in on_linux.items() if has_local_disk(name) != has_store} == set()


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
