"""The dashboard of a monitor: which runs there are, how they end, what is late, what fails, what watching costs."""

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract.metrics import METRICS_DIMENSION, METRICS_NAMESPACE, Metric
from monitor_runtime.contract.outcomes import Outcome
from runctl_component.monitor.log_queries import widget_query
from runctl_component.monitor.naming import dashboard_name
from runctl_component.plan import prices
from runctl_component.plan.day_of_watching import ALARM_METRICS, HOURLY_METRICS, MEMORY_GB
from runctl_component.plan.durations import SECONDS_PER_HOUR

COLUMNS, NOTE_HEIGHT, ROW_HEIGHT = 24, 2, 6
_MILLISECONDS = 1_000
_COUNTED = (
    *(Metric.CHECKS, Metric.CHECK_FAILURES, Metric.UNSEEN, Metric.ENDING_FAILURES),
    *(Metric.AUDITS, Metric.AUDIT_FINDINGS),
)

Widget = dict[str, Any]
"""Type and properties; its place follows from the rows."""


def create_dashboard(
    name: str,
    monitor: str,
    known: pulumi.Output[dict[str, Any]],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.Dashboard:
    """The dashboard of the monitor with that name and tag; ``known``: the other arguments of `dashboard_body`."""
    return aws.cloudwatch.Dashboard(
        f"{name}-dashboard",
        dashboard_name=dashboard_name(monitor),
        dashboard_body=known.apply(lambda arguments: dashboard_body(monitor=monitor, **arguments)),
        opts=opts,
    )


def dashboard_body(
    *,
    monitor: str,
    region: str,
    function_name: str,
    log_group_name: str,
    queue_name: str,
    alarm_arns: Sequence[str],
) -> str:
    """The dashboard as CloudWatch reads it; equal inputs are equal bytes.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """

    def asked(title: str, view: str = "table") -> Widget:
        properties = {"query": widget_query(title, log_group_name), "region": region, "title": title, "view": view}
        return {"type": "log", "properties": properties}

    def drawn(graph: dict[str, Any]) -> Widget:
        return {"type": "metric", "properties": {"region": region, "view": "timeSeries", **graph}}

    rows = [
        [_alarms(alarm_arns), asked("Runs by the last known state of their instance", "bar")],
        [asked("Runs, as last seen")],
        [asked("Endings"), drawn(_graph("How runs ended", _endings(monitor)))],
        [asked("Problems, by run"), drawn(_graph("Checks and failures", _of(monitor, *_COUNTED)))],
        [
            asked("Longest without a check"),
            drawn(_graph("How late, in seconds", _lateness(monitor), stat="Maximum")),
        ],
        [
            drawn(_graph("The function and the dead letters", _function(function_name, queue_name))),
            drawn(_graph("What watching takes: calls", _calls(monitor))),
        ],
        [drawn(_dollars(monitor, function_name, log_group_name))],
    ]
    note = _note(monitor, function_name, log_group_name, queue_name)
    widgets = [note, *(each for number, row in enumerate(rows) for each in _placed(number, row))]
    return json.dumps({"start": "-P1D", "widgets": widgets}, sort_keys=True, separators=(",", ":"))


def _note(monitor: str, function_name: str, log_group_name: str, queue_name: str) -> Widget:
    markdown = (
        f"**The training runs that {monitor} watches.** Function `{function_name}`, log `{log_group_name}`,"
        f" dead letters `{queue_name}`. Made by Pulumi, which may overwrite what is changed here."
    )
    where = {"x": 0, "y": 0, "width": COLUMNS, "height": NOTE_HEIGHT}
    return {"type": "text", **where, "properties": {"markdown": markdown}}


def _alarms(arns: Sequence[str]) -> Widget:
    """The one for silence comes after the first check of a run, which comes after the dashboard."""
    title = "Alarms, without the one for silence"
    return {"type": "alarm", "properties": {"alarms": list(arns), "sortBy": "stateUpdatedTimestamp", "title": title}}


def _placed(number: int, row: Sequence[Widget]) -> list[Widget]:
    """The widgets of a row beside each other, below the rows before it and the note."""
    width, y = COLUMNS // len(row), NOTE_HEIGHT + number * ROW_HEIGHT
    return [
        {**each, "x": place * width, "y": y, "width": width, "height": ROW_HEIGHT} for place, each in enumerate(row)
    ]


def _graph(title: str, metrics: Sequence[list[Any]], *, stat: str = "Sum") -> dict[str, Any]:
    return {"title": title, "metrics": list(metrics), "stat": stat, "period": 300}


def _dollars(monitor: str, function_name: str, log_group_name: str) -> dict[str, Any]:
    """List prices added up over the time shown; every invocation is counted as one of EventBridge Scheduler's."""
    invocation = prices.LAMBDA_REQUEST + prices.SCHEDULER_INVOCATION
    millisecond = MEMORY_GB * prices.LAMBDA_GB_SECOND / _MILLISECONDS
    by_the_hour = HOURLY_METRICS * prices.METRIC_HOUR + ALARM_METRICS * prices.ALARM_HOUR + prices.DASHBOARD_HOUR
    sources = {
        "invocations": ["AWS/Lambda", "Invocations", "FunctionName", function_name],
        "milliseconds": ["AWS/Lambda", "Duration", "FunctionName", function_name],
        "lists": _call(monitor, "s3"),
        "idle": _call(monitor, "cloudwatch"),
        "bytes": ["AWS/Logs", "IncomingBytes", "LogGroupName", log_group_name],
    }
    spent = {
        "function and schedules": f"{_each('invocations', invocation)}+{_each('milliseconds', millisecond)}",
        "S3": _each("lists", prices.S3_LIST),
        "idle metrics": _each("idle", prices.GET_METRIC_DATA),
        "logs": _each("bytes", prices.LOG_BYTE),
        "metrics, alarms, dashboard": f"TIME_SERIES(PERIOD(invocations)*{_number(by_the_hour / SECONDS_PER_HOUR)})",
    }
    hidden = [[*metric, {"id": name, "visible": False}] for name, metric in sources.items()]
    shown = [
        [{"id": f"dollars{number}", "label": label, "expression": f"RUNNING_SUM({expression})"}]
        for number, (label, expression) in enumerate(spent.items(), start=1)
    ]
    axis = {"left": {"label": "US dollars", "showUnits": False, "min": 0}}
    title = f"What watching cost in the time shown, at the prices of {prices.PRICE_DATE}"
    return {**_graph(title, [*hidden, *shown]), "period": SECONDS_PER_HOUR, "stacked": True, "yAxis": axis}


def _each(metric: str, dollars: float) -> str:
    return f"FILL({metric},0)*{_number(dollars)}"


def _number(dollars: float) -> str:
    """Without an exponent: the syntax of metric math has none."""
    return f"{dollars:.15f}".rstrip("0")


def _of(monitor: str, *metrics: Metric) -> list[list[Any]]:
    return [[METRICS_NAMESPACE, str(metric), METRICS_DIMENSION, monitor] for metric in metrics]


def _endings(monitor: str) -> list[list[Any]]:
    (ending,) = _of(monitor, Metric.ENDINGS)
    return [[*ending, "outcome", str(outcome), {"label": str(outcome)}] for outcome in Outcome]


def _lateness(monitor: str) -> list[list[Any]]:
    return _of(monitor, Metric.DETECTION_LATENCY, Metric.STOP_LATENCY, Metric.TRIGGER_LATENESS, Metric.GRACE_WAIT)


def _call(monitor: str, service: str) -> list[Any]:
    return [*_of(monitor, Metric.CALLS)[0], "service", service]


def _calls(monitor: str) -> list[list[Any]]:
    services = ("cloudwatch", "ec2", "s3", "scheduler", "sns", "ssm")
    return [[*_call(monitor, service), {"label": service}] for service in services]


def _function(function_name: str, queue_name: str) -> list[list[Any]]:
    return [
        ["AWS/Lambda", "Invocations", "FunctionName", function_name],
        ["AWS/Lambda", "Errors", "FunctionName", function_name],
        ["AWS/Lambda", "Throttles", "FunctionName", function_name],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue_name, {"stat": "Maximum"}],
    ]
