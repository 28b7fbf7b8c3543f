"""What the tags of an instance say of its current launch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import REMOVAL
from monitor_runtime.contract.hold_time import MAX_HOLD, hold_time
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.times import parse_time
from runctl_component.status.values import Instance


@dataclass(frozen=True, slots=True)
class LaunchTags:
    """What the monitor, and a person who holds the run, wrote there; by default, nothing."""

    outcome: Outcome | None = None
    reason: str = ""
    ended_at: datetime | None = None
    reported: bool = False
    """Whether the outcome was only told, and the instance left as it is."""
    hold_until: datetime | None = None
    hold_problem: str = ""
    refused: str = ""
    """Which ending EC2 refused last, ``refused_count``, how often in a row, and ``refused_at``, when."""
    refused_count: int = 0
    refused_at: datetime | None = None
    noticed: str = ""
    """Which completion the monitor has noticed, and ``noticed_since``, since when its grace period is counted."""
    noticed_since: datetime | None = None
    armed_for: datetime | None = None
    """When the deadline switch fires, if a tag says so for sure."""
    released_at: datetime | None = None
    """When Pulumi was about to remove the instance."""

    @classmethod
    def of(cls, instance: Instance, now: datetime) -> LaunchTags:
        """Read the tags. What is dated before the launch belongs to an earlier one and does not count."""

        def words(name: str, count: int) -> list[str]:
            found = instance.tags.get(name, "").split(" ", count - 1)
            return found + [""] * (count - len(found))

        def since_launch(value: str) -> datetime | None:
            moment = parse_time(value)
            return moment if moment and moment >= instance.launched_at else None

        ended_at = since_launch(instance.tags.get(names.TAG_ENDED_AT, ""))
        outcome = instance.tags.get(names.TAG_OUTCOME, "")
        reported_at, reported = words(names.TAG_REPORTED, 2)
        count, refused_at, refused = words(names.TAG_REFUSED, 3)
        refused_since = since_launch(refused_at) if count.isdecimal() and count.isascii() else None
        noticed_at, noticed = words(names.TAG_NOTICED, 2)
        noticed_since = since_launch(noticed_at)
        armed = instance.tags.get(names.TAG_ARMED, "")
        hold_until, hold_problem = _hold(instance.tags.get(names.TAG_HOLD_UNTIL, ""), now)
        return cls(
            outcome=Outcome(outcome) if ended_at and outcome in set(Outcome) else None,
            reason=instance.tags.get(names.TAG_REASON, "") if ended_at else "",
            ended_at=ended_at,
            reported=bool(since_launch(reported_at)) and outcome in reported.split(),
            hold_until=hold_until,
            hold_problem=hold_problem,
            refused=refused if refused_since else "",
            refused_count=int(count) if refused_since else 0,
            refused_at=refused_since,
            noticed=noticed if noticed_since else "",
            noticed_since=noticed_since,
            armed_for=None if armed.endswith(" unsure") else since_launch(armed.partition(" ")[0]),
            released_at=since_launch(instance.tags.get(names.TAG_RELEASED, "")),
        )

    def may_be_going(self, now: datetime) -> bool:
        """Whether it was released a moment ago; one that lives on after that is watched like any other."""
        return self.released_at is not None and now - self.released_at < REMOVAL


def _hold(value: str, now: datetime) -> tuple[datetime | None, str]:
    """Until when the run is held, and what is wrong with the tag."""
    if not value.strip():
        return None, ""
    until = hold_time(value)
    if until is None:
        return (
            None,
            f"{names.TAG_HOLD_UNTIL} {value!r} is not a time, and is ignored: write it like 2030-01-31T18:00:00Z",
        )
    if until - now > MAX_HOLD:
        return None, f"{names.TAG_HOLD_UNTIL} {value!r} is ignored: it is more than {MAX_HOLD.days} days ahead"
    return (until if until > now else None), ""
