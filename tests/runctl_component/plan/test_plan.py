"""The plan: what a reviewer reads in the preview."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from runctl_component import TrainingRun
from runctl_component.plan.day_of_watching import (
    ALARM_METRICS,
    SENT_AT_THE_ENDING,
    SENT_EVERY_HOUR,
    early_checks,
    metric_hours,
    monitor_dollars,
    watch_for_a_day,
)
from runctl_component.plan.plan import build_plan

from ..recording import record

SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "runs/llama/")


def changed(**changes: Any) -> Settings:
    return replace(SETTINGS, **changes)


def plan(**changes: Any) -> dict[str, Any]:
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
    ("settings", "on_box_runner", "layers"),
    [
        (changed(max_runtime_hours=0.0), True, 0),
        (changed(on_deadline=Action.REPORT), True, 1),
        (SETTINGS, False, 2),
        (SETTINGS, True, 3),
    ],
)
def test_only_layers_that_are_there_are_promised(settings: Settings, on_box_runner: bool, layers: int) -> None:
    assert len(build_plan(settings, on_box_runner=on_box_runner)["deadline_layers"]) == layers


def test_a_box_that_reports_is_told_of_when_it_does_not() -> None:
    words = plan(box_reports=True)["sign_of_life"]
    assert (
        words == "the instance reports when the training begins; it is told, once a launch, if it has not within 20 min"
    )


def test_nothing_is_promised_of_a_box_that_never_reports() -> None:
    assert plan()["sign_of_life"] == "none: with user_data, nobody is told when the training does not begin"


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
        (SETTINGS, "persistent", "interrupted", "EC2 takes the instance back"),
    ],
)
def test_each_ending_is_told_in_words(settings: Settings, spot: str | None, outcome: str, words: str) -> None:
    assert build_plan(settings, spot=spot)["endings"][outcome].startswith(words)


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


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        ({}, [30, 90, 210, 450]),
        ({"initial_interval_seconds": 300}, []),
        ({"initial_interval_seconds": 3600, "max_interval_seconds": 3600}, []),
    ],
)
def test_follow_ups_are_needed_until_the_backoff_is_at_its_longest_interval(
    changes: dict[str, Any], checks: list[float]
) -> None:
    assert early_checks(changed(**changes)) == checks


def test_an_interval_that_never_grows_needs_a_follow_up_for_every_check_of_the_day() -> None:
    assert len(early_checks(changed(backoff_multiplier=1.0))) == 86_400 // 30


def test_a_day_of_the_default_run_takes_a_tenth_of_the_calls_of_fixed_polling() -> None:
    assert sum(plan()["api_calls_per_day"].values()) < 10_080 / 10


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.0, "for a day of 24 h"),
        (24.0, "for a day of 24 h"),
        (72.0, "for a day of 24 h"),
        (1.5, "for the 1.5 h until the deadline, which is less than a day"),
    ],
)
def test_the_plan_says_how_long_the_run_is_watched_for_its_calls_and_dollars(hours: float, words: str) -> None:
    assert plan(max_runtime_hours=hours)["per_day_words"] == words


def test_a_deadline_within_a_day_ends_the_watching_that_is_paid_for() -> None:
    assert watch_for_a_day(changed(max_runtime_hours=2.0)).heartbeats == 2 * 3600 // 300
    assert early_checks(changed(max_runtime_hours=0.05)) == [30, 90]


def test_a_deadline_after_a_day_changes_nothing_about_the_day() -> None:
    assert watch_for_a_day(changed(max_runtime_hours=72.0)) == watch_for_a_day(changed(max_runtime_hours=0.0))


def test_each_folder_of_expected_outputs_adds_a_listing_to_every_check() -> None:
    plain, folders = (watch_for_a_day(changed(expected_outputs=names)) for names in (("a", "b"), ("a/x", "a/y", "b/z")))
    assert (plain.lists_per_check, folders.lists_per_check) == (1, 3)


def test_each_folder_in_which_progress_is_looked_for_adds_a_listing_to_every_check() -> None:
    watching = watch_for_a_day(changed(stalled=Stalled(("checkpoints/*.pt", "checkpoints/*.json", "logs/*"), 90)))
    assert watching.lists_per_check == 3


def test_idle_asks_cloudwatch_at_every_check() -> None:
    calls = plan(idle=Idle("CPUUtilization", 5, 30))["api_calls_per_day"]
    assert calls["cloudwatch"] == watch_for_a_day(SETTINGS).checks


def test_without_idle_cloudwatch_is_not_asked() -> None:
    assert set(plan()["api_calls_per_day"]) == {"ec2", "s3", "scheduler"}


def test_a_day_of_the_default_run_costs_less_than_a_cent() -> None:
    dollars = plan()["dollars_per_day"]
    assert 0.001 < dollars["total"] < 0.01


def test_the_total_is_the_sum_of_its_parts() -> None:
    dollars = watch_for_a_day(changed(idle=Idle("CPUUtilization", 5, 30))).dollars()
    assert dollars.pop("total") == pytest.approx(sum(dollars.values()))


def test_the_listings_cost_what_s3_charges_for_them() -> None:
    watching = watch_for_a_day(SETTINGS)
    assert watching.dollars()["s3"] == pytest.approx(watching.checks * 0.005 / 1000, rel=0.01)


def test_the_logs_of_a_day_cost_half_a_dollar_a_gigabyte() -> None:
    watching = watch_for_a_day(SETTINGS)
    assert watching.dollars()["logs"] == pytest.approx(watching.invocations * 2_200 * 0.50 / 1e9)


def test_a_monitor_costs_more_than_watching_a_run_and_the_plan_says_so() -> None:
    whole = plan()
    assert whole["monitor_dollars_per_day"]["total"] > 10 * whole["dollars_per_day"]["total"]


def test_the_plan_says_that_the_runs_of_a_monitor_share_what_it_costs() -> None:
    assert "once for all the runs that share it" in plan()["monitor_dollars_per_day"]["words"]


def test_the_total_of_the_monitor_is_the_sum_of_its_items() -> None:
    dollars = monitor_dollars(SETTINGS)
    assert dollars.pop("total") == pytest.approx(sum(dollars.values()))


def test_a_month_of_the_monitor_costs_what_cloudwatch_lists_by_the_month() -> None:
    month = {item: dollars * 730 / 24 for item, dollars in monitor_dollars(SETTINGS).items()}
    assert (month["dashboard"], month["alarms"]) == (pytest.approx(3.00), pytest.approx(ALARM_METRICS * 0.10))
    assert month["metrics"] == pytest.approx(metric_hours(SETTINGS) / 24 * 0.30)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({}, 8 * 24 + 6),
        ({"idle": Idle("CPUUtilization", 5, 30)}, 9 * 24 + 6),
    ],
)
def test_a_metric_is_paid_for_in_the_hours_in_which_it_is_sent(changes: dict[str, Any], hours: int) -> None:
    assert metric_hours(changed(**changes)) == hours


def test_every_metric_of_the_monitor_is_in_the_price_but_those_of_failures() -> None:
    """EC2 and endings fail in no run that is planned; calls are counted by service."""
    unplanned = {Metric.ENDING_FAILURES, Metric.UNSEEN, Metric.CALLS}
    assert {*SENT_EVERY_HOUR, *SENT_AT_THE_ENDING} == set(Metric) - unplanned


def test_every_metric_that_an_alarm_reads_is_in_the_price() -> None:
    recorded = record(lambda: TrainingRun("llama", {"bucket": "outputs", "command": "true"}))
    alarms = [each.inputs for each in recorded.resources if each.type.endswith(":MetricAlarm")]
    read = [sum("metric" in query for query in alarm.get("metricQueries", [])) or 1 for alarm in alarms]
    assert sum(read) == ALARM_METRICS


def test_prices_have_a_date() -> None:
    assert plan()["price_date"] == "2026-06"
