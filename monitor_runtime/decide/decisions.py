"""The decisions there are: frozen values, each with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.contract.outcomes import Action, Outcome


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now. ``recheck_at``: when time alone may change that before the heartbeat would notice."""

    reason: str
    recheck_at: datetime | None


@dataclass(frozen=True, slots=True)
class End:
    """End the run. ``due_since`` is when the ending became due, ``evidence_at`` when its cause arose.

    ``climbs``: whether what EC2 cannot stop is terminated; otherwise it is kept. ``then``: of what is only reported,
    what a later rule asks for.
    """

    outcome: Outcome
    action: Action
    reason: str
    due_since: datetime
    evidence_at: datetime
    signal_first: bool = False
    climbs: bool = True
    then: Wait | Refused | None = None


@dataclass(frozen=True, slots=True)
class Interrupt:
    """EC2 will take the spot instance away: signal the training, record, let EC2 do the rest."""

    outcome: Outcome
    reason: str
    signal_first: bool


@dataclass(frozen=True, slots=True)
class Settle:
    """The run is over and something of its ending is left to do: record, notify, or remove the switch.

    Without an outcome there is nothing to say: the instance was released. ``is_news``: whether the outcome is told, and
    counted; not where it was when EC2 warned. ``then``: what is due beside it, whatever keeps the rest from being done.
    """

    outcome: Outcome | None
    reason: str
    record: bool
    is_news: bool = True
    then: TerminateStopped | Refused | None = None


@dataclass(frozen=True, slots=True)
class ForceStop:
    """The instance is stuck on its way to a stop."""

    reason: str


@dataclass(frozen=True, slots=True)
class TerminateStopped:
    """The instance was kept, stopped, for as long as was asked for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """EC2 refused the ending too often to ask again: only a person can help, and must be alerted."""

    outcome: Outcome | None
    reason: str


@dataclass(frozen=True, slots=True)
class Over:
    """The run is over, and there is nothing to do now. ``first_seen``: what is remembered to be so since this check."""

    reason: str
    first_seen: str = ""


Decision = Wait | End | Interrupt | Settle | ForceStop | TerminateStopped | Refused | Over

OVER = "over"
_WORDS: dict[type[Decision], str] = {
    Wait: "wait",
    End: "end",
    Interrupt: "interrupt",
    Settle: "settle",
    ForceStop: "force-stop",
    TerminateStopped: "terminate-stopped",
    Refused: "refused",
    Over: OVER,
}


def decision_word(decision: Decision) -> str:
    """The decision as replies and logs name it."""
    return _WORDS[type(decision)]
