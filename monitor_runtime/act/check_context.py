"""What is the same for every step of a check."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor_runtime.act.ending import ENDING_SECONDS, RemainingSeconds
from monitor_runtime.act.report import Report
from monitor_runtime.act.unrecorded import Unrecorded
from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud
from monitor_runtime.contract.settings import Settings


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What every step needs: the run, the cloud, the clock, the time that is left, the report to fill.

    ``unrecorded`` is what could not be written into tags.
    """

    settings: Settings
    cloud: Cloud
    clock: Clock
    report: Report
    remaining_seconds: RemainingSeconds
    notifies: bool
    unrecorded: Unrecorded = field(default_factory=Unrecorded)

    def spare_seconds(self) -> float:
        """What waiting and signalling may take of this invocation."""
        return self.remaining_seconds() - ENDING_SECONDS
