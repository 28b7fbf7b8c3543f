"""Structured logs and metrics of an invocation, by Powertools: JSON lines and the embedded metric format on stdout."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from typing import Any, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from monitor_runtime.act.report import Report
from monitor_runtime.contract.metrics import METRICS_DIMENSION, METRICS_NAMESPACE, Metric

logger = Logger(service="runctl", use_rfc3339=True, utc=True, location=None)
"""Lambda reads the level of a line only where its time is RFC 3339; any other line counts as INFO.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""

MAX_CHARACTERS = 4_000
"""How much is logged of an event that failed, of its error, of the traceback, and of why one was ignored, each."""
REQUEST_ID = "function_request_id"

_SECONDS = {Metric.DETECTION_LATENCY, Metric.GRACE_WAIT, Metric.STOP_LATENCY, Metric.TRIGGER_LATENESS}


class Telemetry:
    """What one invocation logs and measures. Each line has its request id and, where that is known, the run.

    They are passed with each line, and kept nowhere: the next invocation of a warm function begins without them.
    """

    def __init__(self, monitor: str, request_id: str) -> None:
        """``request_id``: Lambda's ``aws_request_id``."""
        self._monitor = monitor
        self._request_id = request_id
        self._run = ""

    def about(self, run: str) -> None:
        """What follows is about this run; empty for none."""
        self._run = run

    def checked(self, report: Report, reply: Mapping[str, Any]) -> None:
        """Log the reply, and publish the metrics of a check."""
        self._run = report.run
        log = logger.warning if report.problems else logger.info
        log("check", extra=self._keys(check=dict(reply)))
        failed = float(Metric.CHECK_FAILURES in report.told_by)
        self._publish({Metric.CHECKS: float(report.checks), Metric.CHECK_FAILURES: failed, **report.metrics})
        for outcome, count in report.endings.items():
            self._publish({Metric.ENDINGS: float(count)}, outcome=outcome)

    def audited(self, report: Report, reply: Mapping[str, Any]) -> None:
        """Log the reply, and publish the metrics of an audit, which is about no one run."""
        self._run = ""
        log = logger.warning if report.problems else logger.info
        log("audit", extra=self._keys(audit=dict(reply)))
        self._publish(report.metrics)

    def ignored(self, trigger: str, reason: str) -> None:
        """Log why something that came was about no run of this monitor."""
        logger.info("ignored", extra=self._keys(trigger=trigger, reason=_beginning(reason)))

    def released(self, reply: Mapping[str, Any]) -> None:
        """Log which instances were released, and what went wrong with it."""
        log = logger.warning if reply["problems"] else logger.info
        log("released", extra=self._keys(instances=reply["instances"], problems=reply["problems"]))

    def failed(self, error: Exception) -> None:
        """Log one of several errors, of which only one is raised."""
        logger.error("check failed", extra=self._keys(**_described(error)))

    def raised(self, error: Exception, event: object) -> None:
        """Log an error that nobody handles, with the event that led to it."""
        self._run = self._run or _run_named(event)
        text = json.dumps(event, default=str)
        shown = event if len(text) <= MAX_CHARACTERS else _beginning(text)
        logger.error("check failed", extra=self._keys(**_described(error), event=shown))

    def called(self, calls: Mapping[str, int]) -> None:
        """Publish how many requests the invocation sent, by service."""
        for service, count in calls.items():
            self._publish({Metric.CALLS: float(count)}, service=service)

    def _keys(self, **further: object) -> dict[str, object]:
        run = {"run": self._run} if self._run else {}
        return {REQUEST_ID: self._request_id, **run, **further}

    def _publish(self, values: Mapping[Metric, float], **further: str) -> None:
        """One line of embedded metrics; run and request are properties of the line, never dimensions."""
        metrics = AmazonCloudWatchEMFProvider(namespace=METRICS_NAMESPACE)
        metrics.add_dimension(METRICS_DIMENSION, self._monitor)
        for dimension, word in further.items():
            metrics.add_dimension(dimension, word)
        for metric, value in values.items():
            metrics.add_metric(metric, MetricUnit.Seconds if metric in _SECONDS else MetricUnit.Count, value)
        for key, value in self._keys().items():
            metrics.add_metadata(key, value)
        metrics.flush_metrics()


def _run_named(event: object) -> str:
    """The run of an event whose settings could not be read."""
    settings = cast("Mapping[str, object]", event).get("settings") if isinstance(event, Mapping) else None
    run = cast("Mapping[str, object]", settings).get("run") if isinstance(settings, Mapping) else None
    return run if isinstance(run, str) else ""


def _described(error: Exception) -> dict[str, object]:
    return {
        "error": _beginning(str(error)),
        "exception_name": type(error).__name__,
        "exception": _beginning("".join(traceback.format_exception(error))),
    }


def _beginning(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}... ({len(text)} characters)"
