"""What a check saw, decided and did: gathered while it runs, then replied, logged and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time

MAX_SENTENCES = 20
"""Of notes and of problems each in a reply: a run may have any number of instances."""


@dataclass(slots=True)
class Report:
    """One check of one run; mutable, since it is filled step by step."""

    run: str
    trigger: str
    at: datetime
    decision: str = ""
    reason: str = ""
    instance: Instance | None = None
    """The one that the decision is about; None when the run has none, or EC2 does not answer."""
    outcome: Outcome | None = None
    action: Action | None = None
    next_check_at: datetime | None = None
    unmet: Sequence[str] = ()
    """What of each expected output is missing."""
    checks: int = 0
    notes: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])
    told_by: set[Metric] = field(default_factory=set[Metric])
    """The metrics whose alarms tell of the problems."""
    metrics: dict[Metric, float] = field(default_factory=dict[Metric, float])
    endings: Counter[Outcome] = field(default_factory=Counter[Outcome])
    """How many instances ended, by outcome."""

    def note(self, sentence: str) -> None:
        """Something seen or done, stated once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def problem(self, sentence: str, told_by: Metric = Metric.CHECK_FAILURES) -> None:
        """Something that went wrong. ``told_by``: the metric whose alarm has the words for it."""
        self.told_by.add(told_by)
        if sentence not in self.problems:
            self.problems.append(sentence)

    def count(self, metric: Metric) -> None:
        """One more of what is counted: a run may have several instances."""
        self.metrics[metric] = self.metrics.get(metric, 0) + 1

    def to_document(self, calls: dict[str, int]) -> dict[str, Any]:
        """The reply: a small JSON object; times are ISO 8601 in UTC."""
        instance = self.instance
        return {
            "run": self.run,
            "trigger": self.trigger,
            "at": format_time(self.at),
            "instance": {
                "id": instance.instance_id,
                "state": instance.state,
                "launched_at": format_time(instance.launched_at) if instance.launched_at else None,
            }
            if instance
            else None,
            "checks": self.checks,
            "decision": self.decision,
            "outcome": self.outcome,
            "action": self.action,
            "reason": self.reason,
            "next_check_at": format_time(self.next_check_at) if self.next_check_at else None,
            "unmet": list(self.unmet),
            "seen": _first(self.notes),
            "problems": _first(self.problems),
            "calls": calls,
        }


def _first(sentences: list[str]) -> list[str]:
    more = len(sentences) - MAX_SENTENCES
    return [*sentences[:MAX_SENTENCES], f"and {more:,} more"] if more > 0 else list(sentences)
