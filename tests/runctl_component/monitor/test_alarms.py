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
    "unseen": ("Runctl", "InstancesUnseen", "Sum", ABOVE, 0, 300, 3, 2, "notBreaching"),
    "sources": ("Runctl", "CheckFailures", "Sum", ABOVE, 0, 300, 3, 2, "notBreaching"),
    "silence": ("Runctl", "Checks", "Sum", BELOW, 1, 900, 1, 1, "breaching"),
    "ending-failed": ("Runctl", "EndingFailures", "Sum", ABOVE, 0, 300, 3, 1, "notBreaching"),
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
    "unseen": {"monitor": "team/dev/llama-ft-monitor"},
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


@pytest.mark.parametrize(("heartbeat", "silence", "period"), [(60, 180, 300), (600, 1800, 600), (3600, 10_800, 3600)])
def test_silence_is_three_heartbeats_and_what_checks_measure_is_looked_at_in_periods_that_each_have_one(
    heartbeat: int, silence: int, period: int
) -> None:
    recorded = registered({**BASE, "max_interval_seconds": heartbeat})
    assert _alarm(recorded, "silence")["period"] == silence
    assert {_alarm(recorded, suffix)["period"] for suffix in ("unseen", "sources", "ending-failed")} == {period}


SAYS = {
    "errors": ("function failed", "not checked or not ended", "'check failed'"),
    "unseen": (
        "EC2 does not answer or refuses the monitor",
        "no run of this monitor can be watched or ended",
        "Describe",
    ),
    "sources": ("S3, CloudWatch, SNS, the Scheduler", "Runs are watched", "'problems'"),
    "ending-failed": ("EC2 did not stop or terminate", "costing money", "lift the stop protection or the denial"),
    "findings": ("would have kept a run from being ended", "made good what it could", "'problems'"),
    "audits": ("No audit", "a lost schedule or right is not noticed", "its rule"),
    "dead-letters": ("could not be delivered", "its instance may still run", "read the queue"),
    "silence": ("No check in three heartbeats", "no run of this monitor is watched", "schedules of its group"),
}


@pytest.mark.parametrize("suffix", ALARMS)
def test_an_alarm_says_what_happened_what_it_means_for_the_runs_and_what_to_do_first(
    default: Recorded, suffix: str
) -> None:
    said = _alarm(default, suffix)["alarmDescription"]
    found = [said.find(words) for words in (*SAYS[suffix][:2], "First ", SAYS[suffix][2])]
    assert found == sorted(found)
    assert min(found) >= 0


@pytest.mark.parametrize("suffix", sorted({*ALARMS} - {"unseen", "ending-failed"}))
def test_no_other_alarm_speaks_of_ec2(default: Recorded, suffix: str) -> None:
    assert "EC2" not in _alarm(default, suffix)["alarmDescription"]


@pytest.mark.parametrize("suffix", ALARMS)
def test_a_description_is_no_longer_than_cloudwatch_takes(default: Recorded, suffix: str) -> None:
    """The limit is that of https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""
    assert len(_alarm(default, suffix)["alarmDescription"]) <= 1024


def test_every_period_is_one_that_cloudwatch_takes() -> None:
    periods = {minutes: heartbeat_period(minutes * 60) for minutes in range(3, 1441)}
    assert all(period % 60 == 0 and 3 * period <= 86_400 for period in periods.values())
    assert all(period >= max(300, minutes * 20) for minutes, period in periods.items())
