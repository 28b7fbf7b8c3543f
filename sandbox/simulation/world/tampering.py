"""What people and tools do to what ends a run: take away, disable, move, strip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sandbox.simulation.world.timeline import HOUR, MINUTE


class Tampering(StrEnum):
    """The deeds."""

    SWITCH_DELETED = "switch deleted"
    SWITCH_DISABLED = "switch disabled"
    SWITCH_MOVED = "switch moved"
    HEARTBEAT_DISABLED = "heartbeat disabled"
    TAGS_STRIPPED = "tags stripped"
    MONITOR_STRIPPED = "monitor's tag stripped"


OF_SWITCH = frozenset({Tampering.SWITCH_DELETED, Tampering.SWITCH_DISABLED, Tampering.SWITCH_MOVED})
OF_TAGS = frozenset({Tampering.TAGS_STRIPPED, Tampering.MONITOR_STRIPPED})


@dataclass(frozen=True, slots=True)
class TamperingPlan:
    """A deed, when it is done after the launch, and how long after it somebody undoes what only a person can undo."""

    kind: Tampering
    at: int
    undone_after: int


def draw_tampering(seed: int, works_for: int, *, spares_tags: bool) -> TamperingPlan | None:
    """What the seed says, apart from all else that it says. ``spares_tags``: tags that people wrote must stay."""
    random = Random(f"{seed}:tampering")
    if random.random() >= 0.15:
        return None
    kinds = [kind for kind in Tampering if not (spares_tags and kind in OF_TAGS)]
    at = int(random.uniform(0.05, 0.9) * works_for)
    return TamperingPlan(random.choice(kinds), at, random.randint(10 * MINUTE, 5 * HOUR))
