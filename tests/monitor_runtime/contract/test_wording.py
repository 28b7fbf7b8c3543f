from __future__ import annotations

import pytest

from monitor_runtime.contract.wording import few


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "a0"),
        (5, "a0, a1, a2, a3, a4"),
        (6, "a0, a1, a2, a3, a4 and 1 more"),
        (9000, "a0, a1, a2, a3, a4 and 8,995 more"),
    ],
)
def test_of_many_names_a_few_and_their_number_are_told(count: int, told: str) -> None:
    assert few([f"a{number}" for number in range(count)]) == told
