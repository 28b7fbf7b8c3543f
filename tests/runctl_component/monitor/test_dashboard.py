"""The dashboard: what is running, how runs ended, how late, what watching cost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from monitor_runtime.contract.metrics import METRICS_DIMENSION, METRICS_NAMESPACE, Metric
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.settings import Settings
from runctl_component.monitor.dashboard import dashboard_body
from runctl_component.monitor.log_queries import ENDING_DECISIONS, QUERIES
from runctl_component.plan.day_of_watching import (
    CHECK_SECONDS,
    HANDLER_LOG_BYTES,
    LAMBDA_LOG_BYTES,
    WAIT_SECONDS,
    watch_for_a_day,
)
from runctl_component.plan.plan import build_plan

from .dashboard_rules import body_problems, overlaps, rendering, title_of

OPERATING = (Path(__file__).resolve().parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
MONITOR = "team/dev/llama-ft-monitor"
OF_AWS = {
    ("AWS/Lambda", "Invocations"): {"FunctionName": "function"},
    ("AWS/Lambda", "Duration"): {"FunctionName": "function"},
    ("AWS/Lambda", "Errors"): {"FunctionName": "function"},
    ("AWS/Lambda", "Throttles"): {"FunctionName": "function"},
    ("AWS/Logs", "IncomingBytes"): {"LogGroupName": "logs"},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName": "queue"},
}
ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"


def body(monitor: str = MONITOR, filling: str = "") -> dict[str, Any]:
    """The dashboard of a monitor, with names that are so much longer."""
    text = dashboard_body(
        monitor=monitor,
        region="us-east-1",
        function_name=f"function{filling}",
        log_group_name=f"logs{filling}",
        queue_name=f"queue{filling}",
        alarm_arns=[f"{ALARM}{number}{filling}" for number in range(7)],
    )
    return json.loads(text)


BODY = body()


def widget(title: str) -> dict[str, Any]:
    """The properties of the widget whose title begins so."""
    (found,) = [each for each in BODY["widgets"] if title_of(each).startswith(title)]
    return found["properties"]


def metrics(*titles: str) -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of the metrics of these widgets, or of all."""
    return [
        (words[0], words[1], dict(zip(words[2::2], words[3::2], strict=True)))
        for each in BODY["widgets"]
        if not titles or title_of(each).startswith(titles)
        for metric in each["properties"].get("metrics", [])
        if (words := [part for part in metric if isinstance(part, str)])
    ]


def test_cloudwatch_takes_the_body() -> None:
    assert list(body_problems(BODY)) == []


def test_cloudwatch_takes_it_with_the_longest_names_too() -> None:
    tag = f"{'p' * 100}/{'s' * 100}/{'m' * 45}"
    assert list(body_problems(body(tag, "n" * 50))) == []


BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "too wide": ("Endings", {"width": 25}, "Endings: columns 0 and 25 further"),
    "beyond the edge": ("Endings", {"x": 13}, "Endings: columns 13 and 12 further"),
    "no height": ("Endings", {"height": 0}, "rows"),
    "a type": ("Endings", {"type": "chart"}, "type chart"),
    "a view": ("Endings", {"view": "gauge"}, "view gauge"),
    "no source": ("Endings", {"query": "filter ispresent(run)"}, "query 'filter"),
    "nothing asked": ("Endings", {"query": "SOURCE 'logs'"}, 'query "SOURCE'),
    "a property": ("Endings", {"period": 60}, "properties"),
    "no ARN": ("Alarms", {"alarms": ["runs-errors"]}, "alarms"),
    "no alarm": ("Alarms", {"alarms": []}, "alarms"),
    "an order": ("Alarms", {"sortBy": "name"}, "sort by name"),
    "a period": ("How late", {"period": 90}, "90 s"),
    "a dimension without value": ("How late", {"metrics": [["Runctl", "Checks", "monitor"]]}, "no namespace"),
    "a function": ("How late", {"metrics": [[{"id": "a", "expression": "SUMMED(1)"}]]}, "unknown ['SUMMED']"),
    "no text": ("text", {"markdown": " "}, "text"),
}


@pytest.mark.parametrize(("title", "changed", "problem"), BROKEN.values(), ids=BROKEN)
def test_what_cloudwatch_would_refuse_is_told(title: str, changed: dict[str, Any], problem: str) -> None:
    broken = body()
    (found,) = [each for each in broken["widgets"] if title_of(each).startswith(title)]
    for field, value in changed.items():
        (found if field in found else found["properties"])[field] = value
    (told,) = body_problems(broken)
    assert problem in told


def test_no_widget_covers_another() -> None:
    assert overlaps(BODY) == []


def test_every_query_is_put_to_the_log_of_the_function() -> None:
    asked = [each["properties"]["query"] for each in BODY["widgets"] if each["type"] == "log"]
    assert [query.partition("\n")[0] for query in asked] == ["SOURCE 'logs'"] * len(QUERIES)


def test_an_ending_is_a_decision_that_the_documentation_calls_one() -> None:
    """Which those are, a test of the documentation says."""
    (listed,) = re.findall(r"check\.decision in (\[.*?\])", OPERATING)
    assert json.loads(listed) == list(ENDING_DECISIONS)


def test_it_shows_how_runs_ended_by_every_outcome() -> None:
    assert [dimensions["outcome"] for _, _, dimensions in metrics("How runs ended")] == list(Outcome)


def test_it_shows_how_late_the_latest_was() -> None:
    measured = {name for _, name, _ in metrics("How late")}
    assert measured == {name for name in Metric if name.endswith("Seconds")}
    assert widget("How late")["stat"] == "Maximum"


@pytest.mark.parametrize(("namespace", "name", "dimensions"), metrics())
def test_every_metric_is_one_that_the_monitor_or_aws_sends(
    namespace: str, name: str, dimensions: dict[str, str]
) -> None:
    if namespace != METRICS_NAMESPACE:
        assert OF_AWS[namespace, name] == dimensions
        return
    further = {Metric.CALLS: {"service"}, Metric.ENDINGS: {"outcome"}}.get(Metric(name), set[str]())
    assert dimensions[METRICS_DIMENSION] == MONITOR
    assert set(dimensions) == {METRICS_DIMENSION} | further


def test_it_shows_what_the_watching_cost_and_a_day_as_planned_costs_what_the_plan_says() -> None:
    settings = Settings("llama", MONITOR, "outputs", "runs/llama/")
    day, plan = watch_for_a_day(settings), build_plan(settings)
    seconds = day.checks * CHECK_SECONDS + day.follow_ups * WAIT_SECONDS
    measured = {
        "invocations": day.invocations,
        "milliseconds": seconds * 1000,
        "lists": day.checks,
        "idle": 0,
        "bytes": day.invocations * (HANDLER_LOG_BYTES + LAMBDA_LOG_BYTES),
    }
    planned, monitor = plan["dollars_per_day"], plan["monitor_dollars_per_day"]
    assert _drawn(measured, period=86_400) == {
        "function and schedules": pytest.approx(planned["lambda"] + planned["scheduler"], rel=0.01),
        "S3": pytest.approx(planned["s3"], rel=0.01),
        "idle metrics": 0,
        "logs": pytest.approx(planned["logs"], rel=0.01),
        "metrics, alarms, dashboard": pytest.approx(monitor["total"], rel=0.03),
    }


def _drawn(measured: dict[str, float], *, period: float) -> dict[str, float]:
    """What each line of the dollars shows at the end of one period in which that was measured."""

    def in_that_period(value: float, *_: float) -> float:
        return value

    names: dict[str, Any] = dict.fromkeys(("FILL", "RUNNING_SUM", "TIME_SERIES"), in_that_period)
    names |= {"__builtins__": {}, "PERIOD": lambda _: period, **measured}  # pyright: ignore[reportUnknownLambdaType]
    drawn = map(rendering, widget("What watching cost")["metrics"])
    return {how["label"]: eval(how["expression"], names) for how in drawn if "expression" in how}  # noqa: S307
