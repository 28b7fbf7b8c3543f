"""What the watching took, beside what fixed polling would have taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from monitor_runtime.settings import Settings
from runctl_component import prices

FILES = len(Settings.__dataclass_fields__["markers"].default) + len(
    Settings.__dataclass_fields__["failure_markers"].default
)


@dataclass(frozen=True)
class Polling:
    """A way of watching S3: its calls and their price."""

    name: str
    calls: int
    dollars: float

    def saving_over(self, other: Polling) -> float:
        """The share of the other's calls that this one does not need, 0 to 1."""
        return 1 - self.calls / other.calls


def ways(s3_calls: int, watched: timedelta) -> tuple[Polling, Polling, Polling]:
    """This monitor, one LIST every 30 s, and one HEAD per marker every 60 s, over the same time."""
    seconds = watched.total_seconds()
    lists, heads = int(seconds // 30), int(seconds // 60) * FILES
    return (
        Polling("runctl, backoff to 300 s", s3_calls, s3_calls * prices.S3_LIST),
        Polling("one LIST every 30 s", lists, lists * prices.S3_LIST),
        Polling(f"one HEAD for each of {FILES} markers every 60 s", heads, heads * prices.S3_GET),
    )
