"""The dashboard of a monitor: what is running, how runs end, how late, and what watching takes."""

import json
from collections.abc import Sequence
from typing import Any

from monitor_runtime.contract.metrics import METRICS_DIMENSION, METRICS_NAMESPACE, Metric
from monitor_runtime.contract.outcomes import Outcome
from runctl_component.plan import prices
from runctl_component.plan.day_of_watching import ALARM_METRICS, HOURLY_METRICS, MEMORY_GB, SECONDS_PER_HOUR

WIDGET_WIDTH, WIDGET_HEIGHT, COLUMNS = 12, 6, 24
_MILLISECONDS = 1_000


def dashboard_body(*, monitor: str, region: str, function_name: str, log_group_name: str, queue_name: str) -> str:
    """The dashboard as CloudWatch reads it; equal inputs are equal bytes.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    checks = _of(monitor, Metric.CHECKS, Metric.CHECK_FAILURES, Metric.UNSEEN, Metric.ENDING_FAILURES)
    graphs = [
        _graph("How runs ended", _endings(monitor)),
        _graph("How late, in seconds", _lateness(monitor), stat="Maximum"),
        _dollars(monitor, function_name, log_group_name),
        _graph("What watching takes: calls", _calls(monitor)),
        _graph("Checks and failures", checks),
        _graph("The function and the dead letters", _function(function_name, queue_name)),
    ]
    widgets = [_running(region, log_group_name), *(_placed(place, region, graph) for place, graph in enumerate(graphs))]
    return json.dumps({"start": "-P1D", "widgets": widgets}, sort_keys=True, separators=(",", ":"))


def _running(region: str, log_group_name: str) -> dict[str, Any]:
    query = (
        f"SOURCE '{log_group_name}' | filter ispresent(check.run)"
        " | stats latest(check.instance.state) as state, latest(check.decision) as decision,"
        " latest(check.reason) as reason, latest(check.next_check_at) as next_check by check.run as run"
    )
    properties = {"query": query, "region": region, "title": "Runs, as last seen", "view": "table"}
    return {"type": "log", "x": 0, "y": 0, "width": COLUMNS, "height": WIDGET_HEIGHT, "properties": properties}


def _placed(place: int, region: str, graph: dict[str, Any]) -> dict[str, Any]:
    """The graph in its place, from left to right, below the table of runs."""
    row, column = divmod(place, COLUMNS // WIDGET_WIDTH)
    where = {"x": column * WIDGET_WIDTH, "y": (row + 1) * WIDGET_HEIGHT, "width": WIDGET_WIDTH, "height": WIDGET_HEIGHT}
    return {"type": "metric", **where, "properties": {"region": region, "view": "timeSeries", **graph}}


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
