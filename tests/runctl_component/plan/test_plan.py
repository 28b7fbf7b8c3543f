"""The plan: what a reviewer reads in the preview."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from runctl_component.plan.plan import build_plan
from runctl_component.plan.plan_type import MonitorDollars, Plan
from runctl_component.plan.surroundings import Surroundings

SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "runs/llama/", box_reports=True)


def changed(**changes: Any) -> Settings:
    return replace(SETTINGS, **changes)


def plan(**changes: Any) -> Plan:
    return build_plan(changed(**changes))


def test_the_first_checks_are_those_of_the_backoff() -> None:
    assert plan()["first_checks_seconds"] == [30, 90, 210, 450, 750, 1050]


def test_no_check_is_announced_for_after_the_deadline() -> None:
    assert plan(max_runtime_hours=0.125)["first_checks_seconds"] == [30, 90, 210, 450]


def test_without_a_deadline_checks_are_announced_as_ever() -> None:
    assert plan(max_runtime_hours=0.0)["first_checks_seconds"] == plan()["first_checks_seconds"]


@pytest.mark.parametrize(("changes", "interval"), [({}, 300), ({"backoff_multiplier": 1.0}, 30)])
def test_the_interval_that_stays_is_the_longest_or_the_first_when_it_never_grows(
    changes: dict[str, Any], interval: int
) -> None:
    whole = plan(**changes)
    assert whole["then_every_seconds"] == interval
    assert f"a check every {interval} s" in whole["longest_wait_seconds"]["words"]


@pytest.mark.parametrize(
    ("changes", "by_event", "by_poll"),
    [
        ({"s3_events": True}, 305, 365),
        ({"s3_events": True, "grace_seconds": 0}, 10, 365),
        ({"s3_events": True, "grace_seconds": 30}, 85, 365),
        ({"s3_events": True, "markers": (), "failure_markers": (), "expected_outputs": ("a",)}, None, 365),
        ({"s3_events": True, "grace_seconds": 1800}, 1805, 1805),
        ({"max_interval_seconds": 3600}, None, 3665),
        ({"backoff_multiplier": 1.0, "grace_seconds": 0}, None, 95),
    ],
)
def test_the_longest_wait_is_grace_or_the_way_to_the_next_look(
    changes: dict[str, Any], by_event: int | None, by_poll: int
) -> None:
    wait = plan(**changes)["longest_wait_seconds"]
    assert (wait.get("by_event"), wait["by_poll"]) == (by_event, by_poll)


def test_the_deadline_has_three_layers_ten_minutes_apart() -> None:
    layers = plan(max_runtime_hours=0.5)["deadline_layers"]
    assert [layer["after_launch"] for layer in layers] == ["0.5 h", "0.5 h 10 min", "0.5 h 20 min"]


@pytest.mark.parametrize(
    ("settings", "layers"),
    [
        (changed(max_runtime_hours=0.0), 0),
        (changed(on_deadline=Action.REPORT), 1),
        (changed(box_reports=False), 2),
        (SETTINGS, 3),
    ],
)
def test_only_layers_that_are_there_are_promised(settings: Settings, layers: int) -> None:
    assert len(build_plan(settings)["deadline_layers"]) == layers


def test_a_box_that_reports_is_told_of_when_it_does_not() -> None:
    words = plan()["sign_of_life"]
    assert (
        words == "the instance reports when the training begins; it is told, once a launch, if it has not within 20 min"
    )


def test_nothing_is_promised_of_a_box_that_never_reports() -> None:
    assert (
        plan(box_reports=False)["sign_of_life"]
        == "none: with user_data, nobody is told when the training does not begin"
    )


@pytest.mark.parametrize(
    ("settings", "spot", "outcome", "words"),
    [
        (SETTINGS, None, "succeeded", "stopped, 300 s after training_complete.txt or COMPLETE or done"),
        (changed(on_complete=Action.TERMINATE), None, "succeeded", "terminated, 300 s"),
        (changed(on_complete=Action.TERMINATE), None, "unverified", "stopped, when what was written"),
        (changed(on_complete=Action.REPORT), None, "unverified", "reported, nothing changed"),
        (changed(terminate_after_days=3), None, "succeeded", "stopped, terminated 3 days later, 300 s"),
        (changed(terminate_after_days=1), None, "succeeded", "stopped, terminated 1 day later, 300 s"),
        (
            changed(markers=(), expected_outputs=("a", "b/*")),
            None,
            "succeeded",
            "stopped, 300 s after the newest of a, b/*",
        ),
        (SETTINGS, None, "failed", "stopped, 300 s after training_failed.txt or FAILED"),
        (changed(failure_markers=()), None, "failed", "stopped, 300 s after a marker whose body says failed"),
        (changed(on_failure=Action.REPORT), None, "failed", "reported, nothing changed"),
        (changed(max_runtime_hours=1.5), None, "deadline", "stopped, 1.5 h after the launch"),
        (
            changed(idle=Idle("CPUUtilization", 5, 30)),
            None,
            "idle",
            "stopped, when CPUUtilization stays under 5 for 30 minutes, after the training was active or 120 minutes",
        ),
        (
            changed(idle=Idle("CPUUtilization", 0, 30, 60)),
            None,
            "idle",
            "stopped, when CPUUtilization stays at 0 for 30 minutes, after the training was active or 60 minutes after",
        ),
        (
            changed(stalled=Stalled(("checkpoints/*.pt", "step-*"), 90), on_failure=Action.TERMINATE),
            None,
            "stalled",
            "terminated, when no new object matches checkpoints/*.pt or step-* for 90 minutes",
        ),
        (SETTINGS, "one-time", "succeeded", "terminated (EC2 cannot stop one-time spot instances)"),
        (
            changed(terminate_after_days=3),
            "one-time",
            "succeeded",
            "terminated (EC2 cannot stop one-time spot instances), 3",
        ),
        (SETTINGS, "persistent", "succeeded", "stopped, 300 s"),
        (SETTINGS, "persistent", "interrupted", "taken back by EC2; the training is signalled"),
    ],
)
def test_each_ending_is_told_in_words(settings: Settings, spot: str | None, outcome: str, words: str) -> None:
    assert build_plan(settings, Surroundings(spot=spot))["endings"][outcome].startswith(words)


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        (changed(markers=(), failure_markers=(), expected_outputs=("a",)), "failed"),
        (changed(max_runtime_hours=0.0), "deadline"),
        (SETTINGS, "idle"),
        (SETTINGS, "stalled"),
        (SETTINGS, "interrupted"),
    ],
)
def test_an_ending_that_cannot_come_is_not_told(settings: Settings, outcome: str) -> None:
    assert outcome not in build_plan(settings)["endings"]


def test_what_the_monitor_costs_is_typed_item_by_item() -> None:
    assert set(plan()["monitor_dollars_per_day"]) == set(MonitorDollars.__annotations__)
