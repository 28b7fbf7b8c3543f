from __future__ import annotations

import pytest

from sandbox.simulation.judge.oracle import judge
from sandbox.simulation.lifecycle import run_lifecycle

from .mutations import MUTATIONS, Mutation


def _lifecycles_until(invariant: str, within: int) -> int | None:
    for seed in range(1, within + 1):
        record, _ = run_lifecycle(seed)
        if any(violation.invariant == invariant for violation in judge(record)):
            return seed
    return None


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_simulation_catches_a_monitor_in_which(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation.patch(monkeypatch)
    assert _lifecycles_until(mutation.caught_by, mutation.within) is not None
