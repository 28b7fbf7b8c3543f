"""A running instance as the rules see it, and the two answers that most of them give: wait, or end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.contract.backoff import next_due
from monitor_runtime.contract.deadline import deadline, last_look
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.completion import Completion
from monitor_runtime.decide.decisions import Decision, End, Refused, Wait
from monitor_runtime.decide.observation import Observation, Unknown


@dataclass(frozen=True, slots=True)
class Case:
    """A running instance: the observation, and what most rules ask of it."""

    settings: Settings
    seen: Observation
    memory: Memory
    completion: Completion | None
    launched_at: datetime
    now: datetime

    @property
    def deadline(self) -> datetime | None:
        """When the run has used up its time; None without a limit."""
        return deadline(self.settings, self.launched_at)

    @property
    def last_look(self) -> datetime | None:
        """When the deadline ends the run, whatever it still waits for; None where it ends nothing."""
        return last_look(self.settings, self.launched_at)

    @property
    def past_last_look(self) -> bool:
        """Whether the deadline, if it ends the run, is so long ago that nothing is waited for any more."""
        return self.last_look is not None and self.now >= self.last_look


def wait(case: Case, reason: str, *rechecks_at: datetime | None) -> Wait:
    """Wait for the first of some moments, but never past the deadline, nor past the last look after it."""
    moments = [*rechecks_at, case.deadline, case.last_look]
    return Wait(reason, min((moment for moment in moments if moment and moment > case.now), default=None))


def look_again(case: Case, reason: str, *rechecks_at: datetime | None) -> Wait:
    """Wait until the backoff says so; from its longest interval on, the heartbeat comes by itself."""
    due = next_due(case.settings, case.launched_at, case.now)
    early = due.interval_seconds < case.settings.max_interval_seconds
    return wait(case, reason, due.at if early else None, *rechecks_at)


def wait_for(case: Case, source: Unknown, reason: str) -> Wait:
    """A source that fails is asked again when it would be if it worked; one that throttles, by the heartbeat alone."""
    return wait(case, reason, None) if source.throttled else look_again(case, reason)


def end(
    case: Case,
    outcome: Outcome,
    action: Action,
    reason: str,
    *,
    due_since: datetime,
    evidence_at: datetime,
    signal_first: bool = False,
    climbs: bool = True,
) -> Decision | None:
    """The ending, unless this outcome was reported before, or EC2 refuses it."""
    if action is Action.REPORT:
        if outcome in case.memory.reported:
            return None
        return End(outcome, action, reason, due_since, evidence_at)
    if case.memory.is_refused(outcome, case.now):
        return Refused(outcome, reason)
    return End(outcome, action, reason, due_since, evidence_at, signal_first=signal_first, climbs=climbs)
