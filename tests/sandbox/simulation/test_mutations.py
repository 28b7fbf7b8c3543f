from __future__ import annotations

import pytest

from .mutations import MUTATIONS, Mutation
from .search import first_that_catches, kept_seeds

KEPT_SEEDS = kept_seeds()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_simulation_catches_a_monitor_in_which(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = (KEPT_SEEDS.get(mutation.name, 1), *range(1, mutation.within + 1))
    assert first_that_catches(mutation, seeds, monkeypatch) is not None
