"""What the policy pack asks, of the resources that components register."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from monitor_runtime.contract import names
from policy import rules
from runctl_component import Monitor, TrainingRun, TrainingRunArgs
from runctl_component.plan.warnings import is_accelerated

from ..runctl_component.forms import ALL, BASE, TOPIC
from ..runctl_component.recording import Recorded, record, unknown

FAMILIES = ("c7i", "f2", "g5", "g6e", "gr6", "inf2", "m7i", "mac2", "p5en", "p6-b200", "r7i", "t3", "trn2", "vt1")


def _recorded(**changed: Any) -> Recorded:
    args: TrainingRunArgs = {**BASE, **changed}  # pyright: ignore[reportAssignmentType]
    return record(lambda: TrainingRun("llama-ft", args) and None, preview=True)


def _settings(recorded: Recorded) -> dict[str, Any]:
    """Of the only run."""
    (found,) = [settings for each in recorded.of("Schedule") if (settings := rules.settings_of(each.inputs))]
    return dict(found)


def _alarms(recorded: Recorded) -> list[tuple[str, dict[str, Any]]]:
    return [(each.parent, each.inputs) for each in recorded.of("MetricAlarm")]


def _of_instances(recorded: Recorded, *exempt: str) -> list[str]:
    instances = [each for each in recorded.resources if each.type == rules.INSTANCE]
    assert instances
    return [text for each in instances for text in rules.unended_accelerators(each.urn, each.inputs, exempt)]


def _instance(name: str = "notebook", instance_type: str = "g5.xlarge", **args: Any) -> Recorded:
    return record(lambda: aws.ec2.Instance(name, ami="ami-1", instance_type=instance_type, **args) and None)


def test_types_and_names_are_those_that_components_register() -> None:
    recorded = _recorded()
    registered = {each.type for each in recorded.resources}
    assert {rules.RUN, rules.MONITOR, rules.INSTANCE, rules.SCHEDULE, rules.FUNCTION, rules.ALARM} <= registered
    assert set(rules.TAGS_OF_A_RUN) == {names.TAG_MONITOR, names.TAG_RUN}
    assert (rules.MONITORS_NAME, rules.TOPIC) == (names.ENV_MONITOR, names.ENV_NOTIFY_TOPIC_ARN)


@pytest.mark.parametrize("family", FAMILIES)
def test_accelerators_are_those_of_the_plan(family: str) -> None:
    assert rules.is_accelerated(f"{family}.xlarge") == is_accelerated(f"{family}.xlarge")


def test_an_instance_with_a_gpu_that_no_run_ends_is_named_with_what_to_do() -> None:
    (violation,) = _of_instances(_instance())
    assert violation == (
        "instance notebook: a g5.xlarge that no training run ends, so it is billed until somebody remembers it;"
        " declare it as a TrainingRun, or name it in exempt of this policy if it is to run on"
    )


def test_the_instance_of_a_run_is_ended() -> None:
    assert _of_instances(_recorded()) == []


def test_an_instance_that_a_monitor_finds_by_its_tags_is_ended() -> None:
    tags = {names.TAG_MONITOR: "team/dev/trainings", names.TAG_RUN: "llama-ft"}
    assert _of_instances(_instance(tags=tags)) == []


def test_the_tag_of_a_run_alone_does_not_end_an_instance() -> None:
    assert len(_of_instances(_instance(tags={names.TAG_RUN: "llama-ft"}))) == 1


def test_an_instance_without_accelerators_may_run_on() -> None:
    assert _of_instances(_instance(instance_type="t3.small")) == []


def test_an_instance_may_be_exempt_by_its_name() -> None:
    assert _of_instances(_instance(), "server", "notebook") == []
    assert len(_of_instances(_instance(), "server")) == 1


def test_settings_are_known_in_the_first_preview() -> None:
    assert _settings(_recorded(max_runtime_hours=7))["max_runtime_hours"] == 7


@pytest.mark.parametrize("target", [None, {}, {"input": "not JSON"}, {"input": "[1]"}, {"input": '{"trigger": "x"}'}])
def test_another_schedule_is_no_heartbeat(target: dict[str, str] | None) -> None:
    assert rules.settings_of({"target": target}) is None


@pytest.mark.parametrize(
    ("changed", "begins"),
    [
        ({"max_runtime_hours": 0}, "run llama-ft: max_runtime_hours is 0, so nothing ends"),
        ({"on_deadline": "report"}, "run llama-ft: on_deadline is report, so nothing ends"),
    ],
)
def test_a_run_without_a_deadline_is_named(changed: dict[str, Any], begins: str) -> None:
    (violation,) = rules.missing_deadline(_settings(_recorded(**changed)))
    assert violation.startswith(begins)


def test_the_default_deadline_is_one() -> None:
    assert list(rules.missing_deadline(_settings(_recorded()))) == []


def test_a_termination_by_a_marker_alone_is_named() -> None:
    (violation,) = rules.unverified_termination(_settings(_recorded(on_complete="terminate")))
    assert violation.startswith("run llama-ft: on_complete is terminate without checkpoint_patterns")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"on_complete": "terminate", "checkpoint_patterns": ["*.pt"]},
        {"on_complete": "terminate", "markers": [], "expected_outputs": ["model.safetensors"]},
    ],
)
def test_what_stops_or_looks_into_s3_first_may_end_the_run(changed: dict[str, Any]) -> None:
    assert list(rules.unverified_termination(_settings(_recorded(**changed)))) == []


def _without_topic(recorded: Recorded) -> list[str]:
    return [text for each in recorded.of("Function") for text in rules.missing_topic(each.urn, each.inputs)]


def test_a_monitor_without_a_topic_is_named() -> None:
    (violation,) = _without_topic(_recorded())
    assert violation.startswith("function llama-ft-monitor-function: this monitor has no topic")


@pytest.mark.parametrize("topic", [TOPIC, unknown])
def test_a_monitor_with_a_topic_may_not_know_it_yet(topic: Any) -> None:
    def program() -> None:
        Monitor("team", {"watch": [{"bucket": "outputs"}], "notify_topic_arn": topic if topic == TOPIC else topic()})

    assert _without_topic(record(program, preview=True)) == []


def test_other_functions_need_no_topic() -> None:
    assert list(rules.missing_topic("urn::function", {"environment": {"variables": {"LEVEL": "info"}}})) == []
    assert list(rules.missing_topic("urn::function", {})) == []


def test_a_monitor_has_alarms() -> None:
    recorded = _recorded()
    monitors = [each.urn for each in recorded.of("Monitor")]
    assert len(monitors) == 1
    assert list(rules.missing_alarms(monitors, _alarms(recorded))) == []


def test_a_monitor_whose_alarms_are_taken_away_or_off_is_named() -> None:
    recorded = _recorded()
    (monitor,) = [each.urn for each in recorded.of("Monitor")]
    off = [(parent, {**alarm, "actionsEnabled": False}) for parent, alarm in _alarms(recorded)]
    for alarms in ([], off):
        ((urn, violation),) = rules.missing_alarms([monitor], alarms)
        assert urn == monitor
        assert violation.startswith("monitor llama-ft-monitor: it has no alarm that is on")


def test_a_run_with_everything_set_violates_nothing_but_what_it_asks_for() -> None:
    args: TrainingRunArgs = ALL  # pyright: ignore[reportAssignmentType]
    recorded = record(lambda: TrainingRun("llama-ft", args, pulumi.ResourceOptions()) and None, preview=True)
    settings = _settings(recorded)
    assert [*rules.missing_deadline(settings), *rules.unverified_termination(settings)] == []
    assert _of_instances(recorded) == _without_topic(recorded) == []
