"""What a day of watching takes: checks, calls of AWS, dollars. An upper estimate of a run that ends after 24 h.

A run whose deadline comes earlier is watched until then, and its figures are those of that time.
The run's dollars are those that grow with each run; a monitor costs as much for one run as for a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, takewhile

from monitor_runtime.contract.backoff import offsets
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.patterns import literal_head
from monitor_runtime.contract.settings import Settings
from runctl_component.plan import prices
from runctl_component.plan.durations import DAY_SECONDS, SECONDS_PER_HOUR

HOURS_PER_DAY = 24
MINUTES_PER_HOUR = 60
MEMORY_GB = 0.25
CHECK_SECONDS = 0.3
"""Billed for a warm check: a DescribeInstances and a ListObjectsV2."""
WAIT_SECONDS = 60
"""A follow-up fires up to a minute early and waits for its moment."""
ENDING_FOLLOW_UPS = 2
"""To the end of the grace period, and one to look again where verification takes its time."""
HANDLER_LOG_BYTES = 1_800
"""What the handler logs in one invocation, measured on moto, with room for longer names."""
LAMBDA_LOG_BYTES = 400
"""What Lambda itself logs of one, ``platform.start`` and ``platform.report``."""

SENT_EVERY_HOUR = (
    Metric.CHECKS,
    Metric.CHECK_FAILURES,
    Metric.TRIGGER_LATENESS,
    Metric.AUDITS,
    Metric.AUDIT_FINDINGS,
)
CALLED_EVERY_HOUR = ("ec2", "s3", "scheduler")
"""Each service called is a metric of its own: Calls with the service as a dimension."""
HOURLY_METRICS = len(SENT_EVERY_HOUR) + len(CALLED_EVERY_HOUR)
"""Every check and every audit sends them."""
SENT_AT_THE_ENDING = (Metric.ENDINGS, Metric.DETECTION_LATENCY, Metric.GRACE_WAIT, Metric.STOP_LATENCY)
CALLED_AT_THE_ENDING = ("ssm", "sns")
ENDING_METRICS = len(SENT_AT_THE_ENDING) + len(CALLED_AT_THE_ENDING)
"""Sent in the hour of the ending alone."""
ALARM_METRICS = 8
"""What the alarms of a monitor read, which a test compares with them."""


@dataclass(frozen=True, slots=True)
class Watching:
    """A day of watching one run. A follow-up is one invocation with two checks, one before and one after its wait."""

    heartbeats: int
    follow_ups: int
    events: int
    lists_per_check: int
    asks_metric: bool
    gpu_minutes: int = 0
    """How often the instance publishes the use of its GPUs."""

    @property
    def invocations(self) -> int:
        """Heartbeats, follow-ups, S3 events, and the first check."""
        return 1 + self.heartbeats + self.follow_ups + self.events

    @property
    def checks(self) -> int:
        """Looks at the world."""
        return self.invocations + self.follow_ups

    def calls(self) -> dict[str, int]:
        """Requests by service. EC2's beyond the checks: the first one's dry runs, the tags, the stop."""
        calls = {
            "ec2": self.checks + self.events + 10,
            "s3": self.checks * self.lists_per_check + 6,
            "scheduler": 2 * self.follow_ups + self.events + 7,
        }
        return {**calls, "cloudwatch": self.checks + self.gpu_minutes} if self.asks_metric else calls

    def dollars(self) -> dict[str, float]:
        """List price by service, and the total; calls of EC2 and of EventBridge Scheduler cost nothing."""
        billed = self.checks * CHECK_SECONDS + self.follow_ups * WAIT_SECONDS
        spent = {
            "lambda": self.invocations * prices.LAMBDA_REQUEST + billed * MEMORY_GB * prices.LAMBDA_GB_SECOND,
            "s3": (self.checks * self.lists_per_check + 1) * prices.S3_LIST + 5 * prices.S3_GET,
            "scheduler": (self.heartbeats + self.follow_ups) * prices.SCHEDULER_INVOCATION,
            "logs": self.invocations * (HANDLER_LOG_BYTES + LAMBDA_LOG_BYTES) * prices.LOG_BYTE,
        }
        if self.asks_metric:
            published = self.gpu_minutes * (prices.PUT_METRIC_DATA + prices.METRIC_HOUR / MINUTES_PER_HOUR)
            spent["cloudwatch"] = self.checks * prices.GET_METRIC_DATA + published
        return {**spent, "total": sum(spent.values())}


def watched_seconds(settings: Settings) -> float:
    """A day, or the time until the deadline when that is shorter."""
    return min(DAY_SECONDS, settings.max_runtime_hours * SECONDS_PER_HOUR or DAY_SECONDS)


def day_words(settings: Settings) -> str:
    """The time that ``api_calls_per_day`` and ``dollars_per_day`` cover."""
    watched = watched_seconds(settings)
    if watched == DAY_SECONDS:
        return "for a day of 24 h"
    return f"for the {watched / SECONDS_PER_HOUR:g} h until the deadline, which is less than a day"


def watch_for_a_day(settings: Settings) -> Watching:
    """The watching that these settings ask for, from launch to ending: of a day, or until an earlier deadline."""
    folders = {literal_head(output).rpartition("/")[0] for output in settings.expected_outputs if "/" in output}
    patterns = settings.stalled.patterns if settings.stalled else ()
    stalled = {literal_head(pattern).rpartition("/")[0] for pattern in patterns}
    return Watching(
        heartbeats=int(watched_seconds(settings) // settings.max_interval_seconds),
        follow_ups=len(early_checks(settings)) + ENDING_FOLLOW_UPS,
        events=1 if settings.s3_events else 0,
        lists_per_check=1 + len(folders) + len(stalled),
        asks_metric=settings.idle is not None,
        gpu_minutes=int(watched_seconds(settings) // 60) if settings.idle and settings.idle.by_the_box else 0,
    )


def early_checks(settings: Settings) -> list[float]:
    """When the checks come, in seconds since the launch, before the backoff is at its longest interval.

    From then on the heartbeat does them.
    """
    until = watched_seconds(settings)
    due = takewhile(lambda offset: offset <= until, offsets(settings))
    return [later for earlier, later in pairwise([0.0, *due]) if later - earlier < settings.max_interval_seconds]


def metric_hours(settings: Settings) -> int:
    """The metrics of a day that CloudWatch charges for, by the hours in which they are sent."""
    return (HOURLY_METRICS + (settings.idle is not None)) * HOURS_PER_DAY + ENDING_METRICS


def monitor_dollars(settings: Settings, *, has_dashboard: bool = True) -> dict[str, float]:
    """List price of a day of the monitor by item, and the total: what it costs beside the runs that it watches."""
    spent = {
        "metrics": metric_hours(settings) * prices.METRIC_HOUR,
        "alarms": ALARM_METRICS * HOURS_PER_DAY * prices.ALARM_HOUR,
        "dashboard": HOURS_PER_DAY * prices.DASHBOARD_HOUR if has_dashboard else 0.0,
    }
    return {**spent, "total": sum(spent.values())}
