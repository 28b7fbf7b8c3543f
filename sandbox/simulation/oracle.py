"""The oracle: every invariant over one lifecycle."""

from __future__ import annotations

from sandbox.simulation.bookkeeping import BOOKKEEPING
from sandbox.simulation.invariants import Invariant, Violation, violations
from sandbox.simulation.liveness import LIVENESS
from sandbox.simulation.record import Record
from sandbox.simulation.safety import SAFETY
from sandbox.simulation.truth import Truth

INVARIANTS: tuple[Invariant, ...] = SAFETY + LIVENESS + BOOKKEEPING


def judge(record: Record) -> list[Violation]:
    """What is broken in a lifecycle, in the order of time; nothing when all is well."""
    return violations(Truth(record), INVARIANTS)
