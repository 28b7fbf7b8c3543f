"""The dashboard of a monitor: what is running, how runs end, how late, and what watching takes."""

import json
from collections.abc import Sequence
from typing import Any

from monitor_runtime.names import METRICS_DIMENSION, METRICS_NAMESPACE
from monitor_runtime.world import Outcome


def dashboard_body(*, monitor: str, region: str, function_name: str, log_group_name: str, queue_name: str) -> str:
    """The dashboard as CloudWatch reads it; equal inputs are equal bytes."""
    return json.dumps(
        {
            "widgets": [
                _running(region, log_group_name),
                _metrics(1, "Checks and failures", region, _of(monitor, "Checks", "CheckFailures", "EndingFailures")),
                _metrics(2, "How runs ended", region, _endings(monitor)),
                _metrics(3, "How late, in seconds", region, _lateness(monitor), stat="Maximum"),
                _metrics(4, "What watching takes: calls", region, _calls(monitor)),
                _metrics(5, "The function and the dead letters", region, _function(function_name, queue_name)),
            ]
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def _running(region: str, log_group_name: str) -> dict[str, Any]:
    query = (
        f"SOURCE '{log_group_name}' | filter ispresent(check.run)"
        " | stats latest(check.instance.state) as state, latest(check.decision) as decision,"
        " latest(check.reason) as reason, latest(check.next_check_at) as next_check by check.run as run"
    )
    properties = {"query": query, "region": region, "title": "Runs, as last seen", "view": "table"}
    return {"type": "log", "x": 0, "y": 0, "width": 24, "height": 6, "properties": properties}


def _metrics(
    place: int, title: str, region: str, metrics: Sequence[Sequence[Any]], *, stat: str = "Sum"
) -> dict[str, Any]:
    properties = {
        "metrics": [list(metric) for metric in metrics],
        "period": 300,
        "region": region,
        "stat": stat,
        "title": title,
        "view": "timeSeries",
    }
    column, row = place % 2, (place + 1) // 2
    return {"type": "metric", "x": 12 * (1 - column), "y": 6 * row, "width": 12, "height": 6, "properties": properties}


def _of(monitor: str, *metrics: str) -> list[list[Any]]:
    return [[METRICS_NAMESPACE, metric, METRICS_DIMENSION, monitor] for metric in metrics]


def _endings(monitor: str) -> list[list[Any]]:
    return [
        [METRICS_NAMESPACE, "Endings", METRICS_DIMENSION, monitor, "outcome", str(outcome), {"label": str(outcome)}]
        for outcome in Outcome
    ]


def _lateness(monitor: str) -> list[list[Any]]:
    return _of(monitor, "DetectionLatencySeconds", "StopLatencySeconds", "TriggerLatenessSeconds", "GraceWaitSeconds")


def _calls(monitor: str) -> list[list[Any]]:
    services = ("cloudwatch", "ec2", "s3", "scheduler", "sns", "ssm")
    return [
        [METRICS_NAMESPACE, "Calls", METRICS_DIMENSION, monitor, "service", service, {"label": service}]
        for service in services
    ]


def _function(function_name: str, queue_name: str) -> list[list[Any]]:
    return [
        ["AWS/Lambda", "Invocations", "FunctionName", function_name],
        ["AWS/Lambda", "Errors", "FunctionName", function_name],
        ["AWS/Lambda", "Throttles", "FunctionName", function_name],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue_name, {"stat": "Maximum"}],
    ]
