"""Where words go beside a row of marks, so that none covers another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.demo.picture.drawing import text_width

GAP = 8.0
SIZE = 11


@dataclass(frozen=True)
class Label:
    """Words that belong to a place on a line."""

    x: float
    words: str


@dataclass(frozen=True)
class Placed:
    """A label with its row, 0 next to the marks, and where its words begin."""

    label: Label
    row: int
    left: float

    @property
    def right(self) -> float:
        """Where its words end, at most."""
        return self.left + text_width(self.label.words, SIZE)


def place(labels: Sequence[Label], left: float, right: float) -> list[Placed]:
    """Each label between ``left`` and ``right``, in few rows, in the order of ``labels``.

    A label in a higher row has a free way down to its mark, unless the marks are too close to each other for that.
    """
    forth, back = (_place(labels, order, left, right) for order in (range(len(labels)), reversed(range(len(labels)))))
    return min(forth, back, key=lambda placed: max((spot.row for spot in placed), default=0))


def _place(labels: Sequence[Label], order: Iterable[int], left: float, right: float) -> list[Placed]:
    placed: dict[int, Placed] = {}
    for number in order:
        waiting = [label.x for other, label in enumerate(labels) if other not in placed and other != number]
        spots = list(_spots(labels[number], left, right, len(labels)))
        free = [spot for spot in spots if not any(_overlap(spot, other) for other in placed.values())]
        open_ways = [spot for spot in free if not any(_in_the_way(spot, other) for other in placed.values())]
        considerate = [spot for spot in open_ways if not any(_covers(spot, x) for x in waiting)]
        placed[number] = (considerate or open_ways or free)[0]
    return [placed[number] for number in range(len(labels))]


def _spots(label: Label, left: float, right: float, rows: int) -> Iterator[Placed]:
    width = text_width(label.words, SIZE)
    for row in range(rows):
        for start in (label.x - width / 2, label.x - 4, label.x + 4 - width):
            yield Placed(label, row, min(max(start, left), right - width))


def _overlap(one: Placed, other: Placed) -> bool:
    return one.row == other.row and one.left < other.right + GAP and other.left < one.right + GAP


def _in_the_way(one: Placed, other: Placed) -> bool:
    lower, higher = sorted((one, other), key=lambda each: each.row)
    return lower.row != higher.row and higher.label.x != lower.label.x and _covers(lower, higher.label.x)


def _covers(spot: Placed, x: float) -> bool:
    return spot.left - 3 < x < spot.right + 3
