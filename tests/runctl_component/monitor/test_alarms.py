"""The alarms: when each goes off, what it makes of missing data, and whom it tells."""

from __future__ import annotations

from typing import Any

import pytest

from runctl_component.monitor.alarms import heartbeat_period

from ..forms import BASE, TOPIC, registered
from ..recording import Recorded

SHAPE = (
    "namespace",
    "metricName",
    "statistic",
    "comparisonOperator",
    "threshold",
    "period",
    "evaluationPeriods",
    "datapointsToAlarm",
    "treatMissingData",
)
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
ALARMS: dict[str, tuple[Any, ...]] = {
    "errors": ("AWS/Lambda", "Errors", "Sum", ABOVE, 0, 300, 1, 1, "notBreaching"),
    "sources": ("Runctl", "CheckFailures", "Sum", ABOVE, 0, 300, 3, 2, "notBreaching"),
    "silence": ("Runctl", "Checks", "Sum", BELOW, 1, 900, 1, 1, "breaching"),
    "ending-failed": ("Runctl", "EndingFailures", "Sum", ABOVE, 0, 300, 1, 1, "notBreaching"),
    "findings": ("Runctl", "AuditFindings", "Sum", ABOVE, 0, 3600, 2, 1, "notBreaching"),
    "audits": ("Runctl", "Audits", "Sum", BELOW, 1, 10_800, 1, 1, "missing"),
    "dead-letters": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "Maximum",
        ABOVE,
        0,
        300,
        1,
        1,
        "notBreaching",
    ),
}
DIMENSIONS = {
    "errors": {"FunctionName": "llama-ft-monitor-function"},
    "sources": {"monitor": "team/dev/llama-ft-monitor"},
    "silence": {"monitor": "team/dev/llama-ft-monitor"},
    "ending-failed": {"monitor": "team/dev/llama-ft-monitor"},
    "findings": {"monitor": "team/dev/llama-ft-monitor"},
    "audits": {"monitor": "team/dev/llama-ft-monitor"},
    "dead-letters": {"QueueName": "llama-ft-monitor-dead-letters"},
}


@pytest.fixture(scope="module")
def default() -> Recorded:
    return registered(BASE)


@pytest.fixture(scope="module")
def told() -> Recorded:
    return registered({**BASE, "notify_topic_arn": TOPIC})


def _alarm(recorded: Recorded, suffix: str) -> dict[str, Any]:
    return recorded.one("MetricAlarm", f"llama-ft-monitor-{suffix}").inputs


def test_there_are_no_others(default: Recorded) -> None:
    assert {each.name for each in default.of("MetricAlarm")} == {f"llama-ft-monitor-{suffix}" for suffix in ALARMS}


@pytest.mark.parametrize("suffix", ALARMS)
def test_an_alarm_goes_off_as_it_should(default: Recorded, suffix: str) -> None:
    alarm = _alarm(default, suffix)
    assert tuple(alarm[field] for field in SHAPE) == ALARMS[suffix]
    assert alarm["dimensions"] == DIMENSIONS[suffix]


@pytest.mark.parametrize("suffix", ALARMS)
def test_an_alarm_tells_the_topic_when_it_goes_off_and_when_it_is_over(told: Recorded, suffix: str) -> None:
    alarm = _alarm(told, suffix)
    assert (alarm["alarmActions"], alarm["okActions"]) == ([TOPIC], [TOPIC])


@pytest.mark.parametrize("suffix", ALARMS)
def test_without_a_topic_nobody_is_told(default: Recorded, suffix: str) -> None:
    alarm = _alarm(default, suffix)
    assert (alarm["alarmActions"], alarm["okActions"]) == ([], [])


def test_the_end_of_audits_is_told_and_their_absence_before_the_first_one_is_no_alarm(told: Recorded) -> None:
    alarm = _alarm(told, "audits")
    assert (alarm["treatMissingData"], alarm["insufficientDataActions"]) == ("missing", [TOPIC])


@pytest.mark.parametrize(("heartbeat", "silence", "sources"), [(60, 180, 300), (600, 1800, 600), (3600, 10_800, 3600)])
def test_silence_is_three_heartbeats_and_a_source_that_fails_at_two_of_three_is_told(
    heartbeat: int, silence: int, sources: int
) -> None:
    recorded = registered({**BASE, "max_interval_seconds": heartbeat})
    assert _alarm(recorded, "silence")["period"] == silence
    assert _alarm(recorded, "sources")["period"] == sources


def test_every_period_is_one_that_cloudwatch_takes() -> None:
    periods = {minutes: heartbeat_period(minutes * 60) for minutes in range(3, 1441)}
    assert all(period % 60 == 0 and 3 * period <= 86_400 for period in periods.values())
    assert all(period >= max(300, minutes * 20) for minutes, period in periods.items())
