"""What the monitor's function has to know of its own resources, to name them in its calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MonitorResources:
    """Names and ARNs, as the component wrote them into the function's environment. ``topic_arn`` may be empty."""

    function_arn: str
    schedule_group: str
    scheduler_role_arn: str
    dead_letter_arn: str
    stop_document: str
    topic_arn: str

    @property
    def partition(self) -> str:
        """For example aws or aws-cn."""
        return self.function_arn.split(":")[1]

    @property
    def region(self) -> str:
        """For example eu-central-1."""
        return self.function_arn.split(":")[3]
