"""The metrics of a monitor: their names, namespace and dimension."""

from __future__ import annotations

from enum import StrEnum

METRICS_NAMESPACE = "Runctl"
METRICS_DIMENSION = "monitor"
GPU_WORD = "gpu"
"""How `Idle.metric` may be declared where the instance has our runner, which measures it."""
GPU_METRIC = "RunctlInstance/GPUUtilization"
"""The highest use of any GPU in a minute, in percent; with the dimension InstanceId."""


def metric_meant(metric: str) -> str:
    """The metric that is declared by its name, or by the word for it."""
    return GPU_METRIC if metric == GPU_WORD else metric


class Metric(StrEnum):
    """The metrics of a monitor. None of them has the run in a dimension: each new value of one costs money."""

    CHECKS = "Checks"
    CHECK_FAILURES = "CheckFailures"
    UNSEEN = "InstancesUnseen"
    CALLS = "Calls"
    ENDINGS = "Endings"
    ENDING_FAILURES = "EndingFailures"
    DETECTION_LATENCY = "DetectionLatencySeconds"
    GRACE_WAIT = "GraceWaitSeconds"
    STOP_LATENCY = "StopLatencySeconds"
    TRIGGER_LATENESS = "TriggerLatenessSeconds"
    AUDITS = "Audits"
    AUDIT_FINDINGS = "AuditFindings"
