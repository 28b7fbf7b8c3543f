"""A way in which the monitor could be wrong, and what finds it out."""

from __future__ import annotations

from dataclasses import dataclass

from .patches import Patch


@dataclass(frozen=True)
class Mutation:
    """A change of the monitor, the invariant that finds it out, and how many lifecycles that may take."""

    name: str
    patch: Patch
    caught_by: str
    within: int = 100

    def __str__(self) -> str:
        return self.name
