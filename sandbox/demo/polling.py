"""What the watching took, beside what fixed polling would have taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor_runtime.contract.settings import Settings
from runctl_component.plan import prices

_WATCHED = ("markers", "failure_markers", "expected_outputs")


@dataclass(frozen=True)
class Polling:
    """A way of watching S3: its calls and their price."""

    name: str
    calls: int
    dollars: float

    def saving_over(self, other: Polling) -> float:
        """The share of the other's calls that this one does not need, 0 to 1."""
        return 1 - self.calls / other.calls


def watched_keys(args: Mapping[str, Any]) -> int:
    """How many markers and expected outputs a run with these args waits for."""
    return sum(len(args.get(name, Settings.__dataclass_fields__[name].default)) for name in _WATCHED)


def ways(s3_calls: int, watched: timedelta, *, interval: int, keys: int) -> tuple[Polling, Polling, Polling]:
    """This monitor with the interval at which it stays, a LIST every 30 s, a HEAD per key every 60 s; as long each."""
    seconds = watched.total_seconds()
    lists, heads = int(seconds // 30), int(seconds // 60) * keys
    return (
        Polling(f"runctl, backoff to {interval} s", s3_calls, s3_calls * prices.S3_LIST),
        Polling("one LIST every 30 s", lists, lists * prices.S3_LIST),
        Polling(f"one HEAD for each of {keys} keys every 60 s", heads, heads * prices.S3_GET),
    )
