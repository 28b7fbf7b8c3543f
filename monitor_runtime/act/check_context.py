"""What every action needs: the run, the cloud, the clock, the time that is left, the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor_runtime.act.ending import RETRY_SECONDS
from monitor_runtime.act.report import Report
from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud
from monitor_runtime.contract.settings import Settings

ENDING_SECONDS = 2 * RETRY_SECONDS + 60
"""Kept free of waiting and signalling: two ladders of retries and the calls themselves."""


class EndingFailedError(Exception):
    """The instance could not be ended; the alarm and the next trigger take over."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What every step needs: the run, the cloud, the clock, the time that is left, and the report to fill."""

    settings: Settings
    cloud: Cloud
    clock: Clock
    report: Report
    remaining_seconds: Callable[[], float]
    notifies: bool

    def spare_seconds(self) -> float:
        """What waiting and signalling may take of this invocation."""
        return self.remaining_seconds() - ENDING_SECONDS
