"""The alarms of a monitor, each with a decision about missing data."""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract.metrics import METRICS_DIMENSION, METRICS_NAMESPACE, Metric

_SHORT_PERIOD = 300
AUDIT_SECONDS = 3600
"""The audit comes that often: see `AUDIT_RATE`."""


@dataclass(frozen=True)
class Alarm:
    """What an alarm watches. ``treat_missing_data``: what silence of the metric means.

    ``description``: what happened, what that means for the runs, and what to do first.
    """

    suffix: str
    description: pulumi.Input[str]
    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]]
    comparison: str
    threshold: float
    period_seconds: pulumi.Input[int]
    treat_missing_data: str
    statistic: str = "Sum"
    periods: int = 1
    datapoints: int = 1
    tells_of_silence: bool = False
    """Whether the topic is told when the data end, which is neither an alarm nor its end."""


def alarms(
    *,
    monitor: str,
    function_name: pulumi.Input[str],
    dead_letter_queue_name: pulumi.Input[str],
    silence_seconds: pulumi.Output[int],
) -> tuple[Alarm, ...]:
    """Errors, EC2, other sources, failed endings, audits, dead letters: what can go off before there is a run.

    A period of the monitor's own metrics is as long as the longest heartbeat, so that each has a check of every run.
    """
    by_monitor = {METRICS_DIMENSION: monitor}
    above, heartbeat = "GreaterThanThreshold", silence_seconds.apply(heartbeat_period)
    return (
        # No invocation is no error: silence has an alarm of its own.
        Alarm(
            "errors",
            "The monitor's function failed: a run was not checked or not ended, a live instance has lost its schedule,"
            " or an event is none of the monitor's. Lambda tries once more, and heartbeats go on."
            " First read the entries 'check failed' in the function's log: each has the run and the error.",
            "AWS/Lambda",
            "Errors",
            {"FunctionName": function_name},
            above,
            0,
            _SHORT_PERIOD,
            "notBreaching",
        ),
        # A call that fails once is made again; what fails in two of three periods keeps failing.
        Alarm(
            "unseen",
            "EC2 does not answer or refuses the monitor, at two of three heartbeats: no run of this monitor can be"
            " watched or ended by it until EC2 does; deadline switches go on without it. First read 'problems' in the"
            " function's log: if access is denied, allow the function's role ec2:DescribeInstances, else see the AWS"
            " Health Dashboard.",
            METRICS_NAMESPACE,
            Metric.UNSEEN,
            by_monitor,
            above,
            0,
            heartbeat,
            "notBreaching",
            periods=3,
            datapoints=2,
        ),
        Alarm(
            "sources",
            "Checks have problems, at two of three heartbeats: S3, CloudWatch, SNS, the Scheduler or the tags of an"
            " instance refuse or fail, a hold cannot be read, or a run has several live instances. Runs are watched;"
            " what depends on the source waits, the deadline does not. First read 'problems' in the function's log.",
            METRICS_NAMESPACE,
            Metric.CHECK_FAILURES,
            by_monitor,
            above,
            0,
            heartbeat,
            "notBreaching",
            periods=3,
            datapoints=2,
        ),
        # The ladder of retries comes before it is measured, so once is enough; then every check measures it until the
        # ending works, and three periods without it mean that it did.
        Alarm(
            "ending-failed",
            "EC2 did not stop or terminate an instance, or it hung while stopping and was forced: the run is over, and"
            " its instance goes on costing money. First read 'problems' in the function's log, and lift the stop"
            " protection or the denial that it names; then remove the tag runctl:ending-refused, or end the instance by"
            " hand.",
            METRICS_NAMESPACE,
            Metric.ENDING_FAILURES,
            by_monitor,
            above,
            0,
            heartbeat,
            "notBreaching",
            periods=3,
        ),
        # Findings are measured by each audit, and by checks that cannot find their instance. Two periods, since the
        # hours of CloudWatch and of the audits do not begin together.
        Alarm(
            "findings",
            "An audit or a check found what would have kept a run from being ended, or would have ended it wrongly. It"
            " has made good what it could; the rest leaves an instance running. First read 'problems' in the function's"
            " log: each says what to do.",
            METRICS_NAMESPACE,
            Metric.AUDIT_FINDINGS,
            by_monitor,
            above,
            0,
            AUDIT_SECONDS,
            "notBreaching",
            periods=2,
        ),
        # An audit that saw everything counts one, and one that did not, none. That there are no data is told when they
        # end: before the first audit, it is no alarm.
        Alarm(
            "audits",
            "No audit of this monitor saw everything for three hours: runs are watched and ended, but a lost schedule"
            " or right is not noticed. First look at its rule and its permission, then at 'audit' in the function's"
            " log.",
            METRICS_NAMESPACE,
            Metric.AUDITS,
            by_monitor,
            "LessThanThreshold",
            1,
            3 * AUDIT_SECONDS,
            "missing",
            tells_of_silence=True,
        ),
        # SQS sends nothing for a queue that was not used for hours, and then there is nothing in it.
        Alarm(
            "dead-letters",
            "An event or a schedule could not be delivered, or the function failed it twice. The next heartbeat makes"
            " up for a check, nothing makes up for a deadline switch: its instance may still run. First read the queue:"
            " a message names its target and the error.",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": dead_letter_queue_name},
            above,
            0,
            _SHORT_PERIOD,
            "notBreaching",
            statistic="Maximum",
        ),
    )


@dataclass(frozen=True)
class _TextAfter:
    """A text for which the engine waits until a resource is there, without a dependency that it would keep."""

    resource: pulumi.Resource
    text: str

    def __await__(self) -> Generator[Any, Any, str]:
        yield from self.resource.urn.future().__await__()
        return self.text


def silence_alarm(
    *, monitor: pulumi.Input[str], silence_seconds: pulumi.Input[int], first_check: pulumi.Resource
) -> Alarm:
    """No check is what it is for, so missing data is the worst case: it must not come before the first check.

    It comes after the first check of a run, and outlives that run: on its removal, it is not touched.
    """
    description = (
        "No check in three heartbeats: no run of this monitor is watched; deadline switches that are still there go on"
        " without it. First look whether the schedules of its group are there and enabled, then at the scheduler's role"
        " and the function's throttles."
    )
    return Alarm(
        "silence",
        _TextAfter(first_check, description),
        METRICS_NAMESPACE,
        Metric.CHECKS,
        {METRICS_DIMENSION: monitor},
        "LessThanThreshold",
        1,
        silence_seconds,
        "breaching",
    )


def heartbeat_period(silence_seconds: float) -> int:
    """A third of the silence, as CloudWatch takes a period: whole minutes, and five at least."""
    return max(_SHORT_PERIOD, math.ceil(silence_seconds / 3 / 60) * 60)


def create_alarm(
    name: str, alarm: Alarm, topic_arns: pulumi.Input[list[str]], opts: pulumi.ResourceOptions
) -> aws.cloudwatch.MetricAlarm:
    """The alarm as a resource; it notifies its topic when it goes off and when it is over."""
    return aws.cloudwatch.MetricAlarm(
        f"{name}-{alarm.suffix}",
        alarm_description=alarm.description,
        namespace=alarm.namespace,
        metric_name=alarm.metric,
        dimensions=dict(alarm.dimensions),
        statistic=alarm.statistic,
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        period=alarm.period_seconds,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.datapoints,
        treat_missing_data=alarm.treat_missing_data,
        alarm_actions=topic_arns,
        ok_actions=topic_arns,
        insufficient_data_actions=topic_arns if alarm.tells_of_silence else None,
        opts=opts,
    )
