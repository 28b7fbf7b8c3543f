from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.demo.picture.labels import Label, place

_LABELS = st.lists(st.builds(Label, st.floats(100, 800), st.sampled_from(["now", "stop called 2:15:00"])), max_size=5)


def test_a_label_with_room_is_centered_next_to_its_mark() -> None:
    (placed,) = place([Label(400, "stopped")], 100, 800)
    assert (placed.row, placed.left + placed.right) == (0, pytest.approx(800))


def test_a_label_at_the_edge_stays_inside() -> None:
    first, last = place([Label(100, "stop called"), Label(800, "stop called")], 100, 800)
    assert (first.left, last.right) == (100, 800)


def test_a_label_in_a_higher_row_has_a_free_way_down_to_its_mark() -> None:
    placed = place([Label(400, "stop called"), Label(420, "stopped"), Label(440, "terminated")], 100, 800)
    ways = [(lower, higher.label.x) for lower in placed for higher in placed if higher.row > lower.row]
    assert ways
    assert not any(lower.left <= x <= lower.right for lower, x in ways)


@given(_LABELS)
def test_labels_never_cover_each_other(labels: list[Label]) -> None:
    placed = sorted(place(sorted(labels, key=lambda label: label.x), 100, 800), key=lambda each: (each.row, each.left))
    assert len(placed) == len(labels)
    assert all(one.row != other.row or one.right <= other.left for one, other in combinations(placed, 2))
