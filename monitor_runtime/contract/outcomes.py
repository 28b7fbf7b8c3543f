"""How a run can end, and what an ending does to its instance."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What an ending does to the instance; ``report`` notifies and changes nothing."""

    STOP = "stop"
    TERMINATE = "terminate"
    REPORT = "report"


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEADLINE = "deadline"
    IDLE = "idle"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"
    UNVERIFIED = "unverified"
