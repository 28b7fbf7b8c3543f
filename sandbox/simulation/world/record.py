"""What the oracle is told: everything that truly happened, as it happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.world.box import TrainingTruth
from sandbox.simulation.world.bucket import Bucket
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.scenario import Scenario
from sandbox.simulation.world.tampering import OF_TAGS, Right, Tampering


@dataclass(slots=True)
class Check:
    """One invocation of the monitor. Moments are those at which AWS did what was asked."""

    number: int
    trigger: str
    started_at: int
    state_at_start: InstanceState
    launch: int
    ended_at: int | None = None
    disturbed: bool = False
    killed: bool = False
    error: Exception | None = None
    reply: dict[str, Any] | None = None
    described_at: int | None = None
    first_described_at: int | None = None
    looked_at: int | None = None
    looked_until: int | None = None
    """The last listing, or reading of a marker, of the look that began at ``looked_at``."""
    signalled_at: int | None = None
    state_at_end: InstanceState | None = None
    switch_after: int | None = None
    kinds: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    """The calls that came back with an error, by kind; ``kinds`` has all calls."""
    tampered: Tampering | None = None
    """What somebody did to the run, and was not undone when the check began; likewise at its end."""
    tampered_after: Tampering | None = None

    denied: set[Right] = field(default_factory=set[Right])
    """What it was denied for good."""

    @property
    def completed(self) -> bool:
        """Whether it is whole, and its instance could be found and ended by its tags."""
        blinded = not OF_TAGS.isdisjoint({self.tampered, self.tampered_after})
        return self.is_whole and not blinded

    @property
    def is_whole(self) -> bool:
        """Whether it came to its end without an error, and no call failed but what is denied for good."""
        return self.ended_at is not None and not self.disturbed and not self.killed and self.error is None

    @property
    def looks(self) -> tuple[int, ...]:
        """When its last look at S3 began, and when it ended, as far as there was one."""
        return tuple(look for look in (self.looked_at, self.looked_until) if look is not None)

    @property
    def asked_for_an_end(self) -> bool:
        """Whether it called EC2 to stop or terminate an instance: of several, maybe not the one its reply is about."""
        return bool(self.kinds["stop_instance"] + self.kinds["terminate_instance"])

    def is_about(self, launch: Launch) -> bool:
        """Whether the reply is about this launch: of several instances it describes the last."""
        instance: Any = (self.reply or {}).get("instance")
        return instance is not None and instance["launched_at"] == launch.stamped

    @property
    def decision(self) -> str:
        """The last decision of the check, in the reply's word."""
        return str((self.reply or {}).get("decision", ""))


@dataclass(frozen=True, slots=True)
class Ending:
    """A call of the monitor that took the instance out of running."""

    check: Check
    launch: Launch
    action: Action
    sent_at: int
    at: int
    described_at: int
    looks: tuple[int, ...]
    """The first and the last look at S3 that the check decided by."""
    signalled_at: int | None
    training_exited: bool
    under_way: tuple[str, ...]
    """Uploads of this launch that were going on."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An ending that EC2 refused."""

    launch: int
    at: int
    by_denial: bool = False
    """Whether the monitor's role lacks the right for it, which the deadline switch may have."""


@dataclass(frozen=True, slots=True)
class Pardon:
    """A person removed the tag of a refusal, to have the ending tried again."""

    at: int
    told_until: int
    """When the last refusal was, as far as the tag told."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What the topic got."""

    at: int
    launched_at: str
    outcome: Outcome
    check: Check


@dataclass(frozen=True, slots=True)
class Status:
    """What the topic got of a first check: whether the run is watched; or of a box without a sign of life."""

    at: int
    status: str
    check: Check
    launched_at: str = ""
    """Of the launch whose box is meant."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags that were set by the monitor."""

    at: int
    launch: int
    tags: dict[str, str]
    check: Check


@dataclass(frozen=True, slots=True)
class Firing:
    """The deadline switch went off. ``hit``: it took the instance out of running.

    EventBridge knows the instance alone: what is delivered late may meet a later launch than it was set for.
    """

    due_at: int
    at: int
    set_for: int
    """The launch at whose deadline it was to fire."""
    launch: int
    """The launch that it met."""
    delivered: bool
    failed: bool
    hit: bool


@dataclass(slots=True)
class HoldTruth:
    """The hold tag had this value from ``at`` until ``cleared_at``."""

    at: int
    until: int | None
    cleared_at: int | None = None


@dataclass(slots=True)
class Record:
    """All of one lifecycle."""

    scenario: Scenario
    bucket: Bucket
    launches: list[Launch]
    trainings: list[TrainingTruth]
    checks: list[Check] = field(default_factory=list[Check])
    endings: list[Ending] = field(default_factory=list[Ending])
    terminated_stopped: list[tuple[int, Launch, Check]] = field(default_factory=list[tuple[int, Launch, Check]])
    forced: list[tuple[int, Launch]] = field(default_factory=list[tuple[int, Launch]])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    notifications: list[Notification] = field(default_factory=list[Notification])
    statuses: list[Status] = field(default_factory=list[Status])
    taggings: list[Tagging] = field(default_factory=list[Tagging])
    firings: list[Firing] = field(default_factory=list[Firing])
    holds: list[HoldTruth] = field(default_factory=list[HoldTruth])
    lost_triggers: list[int] = field(default_factory=list[int])
    injected: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    calls: Counter[str] = field(default_factory=Counter[str])
    switch_arrives_at: int = 0
    """When the last copy of a deadline switch that has fired arrives, maybe after all that is recorded."""
    dead_letters: int = 0
    interrupted_at: int | None = None
    orphan_launched_by: str = ""
    destroyed_at: int | None = None
    replaced_at: int | None = None
    unprotected_at: int | None = None
    pardon: Pardon | None = None
    """None where there was no tag of a refusal to remove."""
    tampered_at: int | None = None
    denied_at: int | None = None
    denied_calls: int = 0
    finished_at: int = 0

    def lacks(self, right: Right, moment: int) -> bool:
        """Whether the monitor's role did not have that right at that moment, nor ever after."""
        denial = self.scenario.denial
        return denial is not None and denial.right is right and self.denied_at is not None and self.denied_at <= moment
