"""What a day of watching takes: checks, calls of AWS, dollars. An upper estimate of a run that ends after 24 h."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, takewhile

from monitor_runtime.backoff import offsets
from monitor_runtime.settings import Settings
from runctl_component import prices

DAY_SECONDS = 86_400
MEMORY_GB = 0.25
CHECK_SECONDS = 0.3
"""Billed for a warm check: a DescribeInstances and a ListObjectsV2."""
WAIT_SECONDS = 60
"""A follow-up fires up to a minute early and waits for its moment."""
ENDING_FOLLOW_UPS = 2
"""To the end of the grace period, and one to look again where verification takes its time."""


@dataclass(frozen=True, slots=True)
class Watching:
    """A day of watching one run. A follow-up is one invocation with two checks, one before and one after its wait."""

    heartbeats: int
    follow_ups: int
    events: int
    lists_per_check: int
    asks_metric: bool

    @property
    def invocations(self) -> int:
        """Heartbeats, follow-ups, S3 events, and the first check."""
        return 1 + self.heartbeats + self.follow_ups + self.events

    @property
    def checks(self) -> int:
        """Looks at the world."""
        return self.invocations + self.follow_ups

    def calls(self) -> dict[str, int]:
        """Requests by service. EC2's beyond the checks: arming, noticing, recording and telling in tags, the stop."""
        calls = {
            "ec2": self.checks + self.events + 5,
            "s3": self.checks * self.lists_per_check + 4,
            "scheduler": 2 * self.follow_ups + self.events + 3,
        }
        return {**calls, "cloudwatch": self.checks} if self.asks_metric else calls

    def dollars(self) -> dict[str, float]:
        """List price by service, and the total; calls of EC2 and of EventBridge Scheduler cost nothing."""
        billed = self.checks * CHECK_SECONDS + self.follow_ups * WAIT_SECONDS
        spent = {
            "lambda": self.invocations * prices.LAMBDA_REQUEST + billed * MEMORY_GB * prices.LAMBDA_GB_SECOND,
            "s3": self.checks * self.lists_per_check * prices.S3_LIST + 4 * prices.S3_GET,
            "scheduler": (self.heartbeats + self.follow_ups) * prices.SCHEDULER_INVOCATION,
        }
        if self.asks_metric:
            spent["cloudwatch"] = self.checks * prices.GET_METRIC_DATA
        return {**spent, "total": sum(spent.values())}


def watch_for_a_day(settings: Settings) -> Watching:
    """The watching that these settings ask for, from launch to ending."""
    folders = {output.rpartition("/")[0] for output in settings.expected_outputs if "/" in output}
    return Watching(
        heartbeats=DAY_SECONDS // settings.max_interval_seconds,
        follow_ups=early_checks(settings) + ENDING_FOLLOW_UPS,
        events=1 if settings.s3_events else 0,
        lists_per_check=1 + len(folders),
        asks_metric=settings.idle is not None,
    )


def early_checks(settings: Settings) -> int:
    """How many checks of a day come before the backoff's longest interval; from then on the heartbeat does them."""
    due = list(takewhile(lambda offset: offset <= DAY_SECONDS, offsets(settings)))
    intervals = (later - earlier for earlier, later in pairwise([0.0, *due]))
    return sum(1 for interval in intervals if interval < settings.max_interval_seconds)
