"""Finds the lifecycle in which each mutation is caught, and keeps it: a search takes minutes.

``python -m tests.sandbox.simulation.search`` searches anew, after a change to the simulation has made kept ones stale.
What only one lifecycle in many thousands shows is found again only where the kept one still does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
import typer

from sandbox.simulation.judge.oracle import judge
from sandbox.simulation.lifecycle import run_lifecycle

from .mutation import Mutation
from .mutations import MUTATIONS

KEPT = Path(__file__).with_name("caught_at.json")
"""The seed of a lifecycle, by the name of the mutation."""


def kept_seeds() -> dict[str, int]:
    """Where each was caught last."""
    return json.loads(KEPT.read_text(encoding="utf-8"))


def first_that_catches(mutation: Mutation, seeds: Iterable[int], monkeypatch: pytest.MonkeyPatch) -> int | None:
    """The first of these lifecycles in which the invariant is broken that is to find the mutation."""
    mutation.patch(monkeypatch)
    for seed in seeds:
        record, _ = run_lifecycle(seed)
        if any(violation.invariant == mutation.caught_by for violation in judge(record)):
            return seed
    return None


def seeds_for(mutation: Mutation) -> tuple[int, ...]:
    """Which lifecycles to try: the one where it was caught last, and as many as it may take."""
    return (kept_seeds().get(mutation.name, 1), *range(1, mutation.within + 1))


def main() -> None:
    """Search for each, and keep what was found."""
    found: dict[str, int] = {}
    for mutation in MUTATIONS:
        with pytest.MonkeyPatch.context() as monkeypatch:
            seed = first_that_catches(mutation, seeds_for(mutation), monkeypatch)
        typer.echo(f"{mutation}: {seed or 'not caught'}")
        if seed is not None:
            found[mutation.name] = seed
    KEPT.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
