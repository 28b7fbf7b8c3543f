"""The oracle: every invariant over one lifecycle."""

from __future__ import annotations

from sandbox.simulation.judge.audits import AUDITS
from sandbox.simulation.judge.bookkeeping import BOOKKEEPING
from sandbox.simulation.judge.costs import COSTS
from sandbox.simulation.judge.deadlines import DEADLINES
from sandbox.simulation.judge.excuses import DENIALS, asked
from sandbox.simulation.judge.hanging import HANGING
from sandbox.simulation.judge.invariants import Invariant, Violation, violations
from sandbox.simulation.judge.liveness import LIVENESS
from sandbox.simulation.judge.removals import REMOVALS
from sandbox.simulation.judge.safety import SAFETY
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.record import Record

INVARIANTS: tuple[Invariant, ...] = (
    *(SAFETY + LIVENESS + DEADLINES + BOOKKEEPING + COSTS + HANGING),
    *(AUDITS + REMOVALS + DENIALS),
)


def judge(record: Record) -> list[Violation]:
    """What is broken in a lifecycle, in the order of time; nothing when all is well."""
    truth = Truth(record)
    return asked(truth, violations(truth, INVARIANTS))
