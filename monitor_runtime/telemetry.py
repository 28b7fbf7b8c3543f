"""Structured logs and metrics of a check, by Powertools: JSON lines and the embedded metric format on stdout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from monitor_runtime.act.report import Report
from monitor_runtime.contract.metrics import METRICS_DIMENSION, METRICS_NAMESPACE, Metric

logger = Logger(service="runctl")

_SECONDS = {Metric.DETECTION_LATENCY, Metric.GRACE_WAIT, Metric.STOP_LATENCY, Metric.TRIGGER_LATENESS}


def emit(monitor: str, report: Report, reply: Mapping[str, Any]) -> None:
    """Log the reply, and publish the metrics of a check, or of an audit, which is about no one run."""
    failed = bool(report.problems)
    log = logger.warning if failed else logger.info
    what = "check" if report.run else "audit"
    log(what, extra={what: dict(reply)})
    checked = {Metric.CHECKS: float(report.checks), Metric.CHECK_FAILURES: float(failed)} if report.run else {}
    measured = {**checked, **report.metrics}
    ending = {metric: value for metric, value in measured.items() if metric is Metric.ENDINGS}
    common = {metric: value for metric, value in measured.items() if metric is not Metric.ENDINGS}
    _publish(monitor, report.run, common)
    if ending:
        _publish(monitor, report.run, ending, outcome=str(report.outcome))
    for service, count in reply["calls"].items():
        _publish(monitor, report.run, {Metric.CALLS: float(count)}, service=service)


def _publish(monitor: str, run: str, values: Mapping[Metric, float], **further: str) -> None:
    """One line of embedded metrics; the run is a property of the line, never a dimension."""
    metrics = AmazonCloudWatchEMFProvider(namespace=METRICS_NAMESPACE)
    metrics.add_dimension(METRICS_DIMENSION, monitor)
    for dimension, word in further.items():
        metrics.add_dimension(dimension, word)
    for metric, value in values.items():
        metrics.add_metric(metric, MetricUnit.Seconds if metric in _SECONDS else MetricUnit.Count, value)
    metrics.add_metadata("run", run)
    metrics.flush_metrics()
