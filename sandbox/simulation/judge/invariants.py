"""What must hold in every lifecycle: small functions, each with its sentence, over the record and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.timeline import to_datetime


@dataclass(frozen=True, slots=True)
class Found:
    """That an invariant does not hold: when, and in words."""

    at: int
    what: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant of one lifecycle."""

    invariant: str
    at: int
    what: str

    def __str__(self) -> str:
        return f"{to_datetime(self.at):%d %H:%M:%S} {self.invariant}: {self.what}"


Invariant = Callable[[Truth], Iterator[Found]]


def violations(truth: Truth, invariants: tuple[Invariant, ...]) -> list[Violation]:
    """Everything that is broken, in the order of time."""
    found = [
        Violation(invariant.__name__, entry.at, entry.what) for invariant in invariants for entry in invariant(truth)
    ]
    return sorted(found, key=lambda violation: violation.at)
