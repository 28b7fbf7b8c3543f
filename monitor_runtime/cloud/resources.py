"""The AWS resources of a monitor, as its function is told of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MonitorResources:
    """What the monitor's function has to know of its own resources. ``topic_arn`` may be empty."""

    function_arn: str
    schedule_group: str
    scheduler_role_arn: str
    dead_letter_arn: str
    topic_arn: str

    @property
    def partition(self) -> str:
        """For example aws or aws-cn."""
        return self.function_arn.split(":")[1]

    @property
    def region(self) -> str:
        """For example eu-central-1."""
        return self.function_arn.split(":")[3]
