"""What a day of watching takes in calls and in dollars."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor_runtime.contract.metrics import GPU_METRIC, Metric
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
from runctl_component.plan.plan_type import Plan
from runctl_component.plan.surroundings import Surroundings

from ..recording import record

SETTINGS = Settings("llama", "project/stack/monitor", "outputs", "runs/llama/")


def changed(**changes: Any) -> Settings:
    return replace(SETTINGS, **changes)


def plan(**changes: Any) -> Plan:
    return build_plan(changed(**changes))


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


def test_a_metric_that_the_instance_publishes_costs_two_cents_a_day_more() -> None:
    of_ec2, of_the_box = (replace(SETTINGS, idle=Idle(metric, 5, 30)) for metric in ("CPUUtilization", GPU_METRIC))
    more = watch_for_a_day(of_the_box).dollars()["cloudwatch"] - watch_for_a_day(of_ec2).dollars()["cloudwatch"]
    assert more == pytest.approx(1440 * 0.01 / 1000 + 0.30 / 730 * 24)


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


def test_without_a_dashboard_the_monitor_costs_three_dollars_a_month_less_and_the_plan_says_so() -> None:
    surroundings = (Surroundings(has_dashboard=has) for has in (True, False))
    with_one, without = (build_plan(SETTINGS, around)["monitor_dollars_per_day"] for around in surroundings)
    assert without["dashboard"] == 0
    assert (with_one["total"] - without["total"]) * 730 / 24 == pytest.approx(3.00, abs=0.001)
    assert without["words"] == with_one["words"] + "; it has no dashboard"


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
