from __future__ import annotations

import pytest

from .mutations import MUTATIONS, Mutation
from .search import first_that_catches, seeds_for


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_simulation_catches_a_monitor_in_which(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_that_catches(mutation, seeds_for(mutation), monkeypatch) is not None
