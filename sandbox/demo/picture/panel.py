"""A stretch of a timeline: its lanes above each other, with an axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sandbox.demo.picture.drawing import Box, Element, bar, line, mark, phase, text, text_width
from sandbox.demo.picture.labels import SIZE, Label, Placed, place
from sandbox.demo.picture.palette import PHASES
from sandbox.demo.picture.timeline import Lane, Mark, Phase, Timeline

LABEL_ROW, MARK_ROW, PHASE_ROW, LANE_GAP = 15, 20, 20, 10
BAR = 17
_STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360))
_TICK_ROOM = 52


class Panel:
    """Draws what happens between two times, from ``left`` to ``right`` and from ``top`` downwards."""

    def __init__(
        self,
        parent: Element,
        shown: Timeline,
        window: tuple[datetime, datetime],
        sides: tuple[float, float],
        top: float,
    ) -> None:
        """Nothing is drawn yet."""
        self._behind, self._front = _group(parent, "behind"), _group(parent, "panel")
        self._shown = shown
        self._began, self._ended = window
        self._left, self._right = sides
        self._top = top

    def x(self, moment: datetime) -> float:
        """Where a time is, or the nearer end of the panel."""
        share = (moment - self._began) / (self._ended - self._began)
        return self._left + min(max(share, 0.0), 1.0) * (self._right - self._left)

    def draw(self, is_labelled: Callable[[Mark], bool]) -> float:
        """Draw everything, and words beside the marks that have some and are to be labelled. Returns the bottom."""
        limits = [limit for limit in self._shown.limits if self._began < limit.at < self._ended]
        placed = place([Label(self.x(limit.at), limit.words) for limit in limits], self._left, self._right)
        y = self._top
        if placed:
            y += LABEL_ROW * (1 + max(spot.row for spot in placed))
            self._words(placed, y - 5)
        lanes_from = y
        for lane in Lane:
            y = self._lane(lane, y, is_labelled)
        for spot, limit in zip(placed, limits, strict=True):
            x = spot.label.x
            line(self._behind, (x, lanes_from - 2 - LABEL_ROW * spot.row), (x, y), limit.kind)
        self._axis(lanes_from, y)
        return y + 16

    def _lane(self, lane: Lane, y: float, is_labelled: Callable[[Mark], bool]) -> float:
        marks = [each for each in self._shown.marks if each.lane == lane and self._began <= each.at <= self._ended]
        labels = [Label(self.x(each.at), each.words) for each in marks if each.words and is_labelled(each)]
        placed = place(labels, self._left, self._right)
        marks_at = y + LABEL_ROW * (1 + max((spot.row for spot in placed), default=-1))
        shapes = [each for each in marks if each.kind]
        bars_at = marks_at + (MARK_ROW if shapes else 2)
        for spot in placed:
            line(
                self._behind, (spot.label.x, marks_at - 3 - LABEL_ROW * spot.row), (spot.label.x, bars_at - 8), "leader"
            )
        self._words(placed, marks_at - 5)
        name_at = marks_at + (14 if shapes else 15)
        text(self._front, 20, name_at, lane, "muted", size=12)
        if shapes:
            line(self._behind, (self._left, marks_at + 10), (self._right, marks_at + 10), "rule")
        for each in sorted(shapes, key=_importance):
            mark(self._front, self.x(each.at), marks_at + 10, each.kind, each.result)
        return self._bars(lane, bars_at) + LANE_GAP

    def _bars(self, lane: Lane, y: float) -> float:
        rows: list[datetime] = []
        for each in sorted(self._phases(lane), key=lambda each: each.began):
            row = next((number for number, free_from in enumerate(rows) if free_from <= each.began), len(rows))
            rows[row : row + 1] = [each.ended]
            self._bar(each, y + PHASE_ROW * row)
        return y + PHASE_ROW * len(rows)

    def _phases(self, lane: Lane) -> list[Phase]:
        return [
            each
            for each in self._shown.phases
            if each.lane == lane and each.began < self._ended and each.ended > self._began
        ]

    def _bar(self, each: Phase, y: float) -> None:
        left, right = self.x(each.began), self.x(each.ended)
        phase(self._front, Box(left, y, max(right - left, 1.5), BAR), each.kind)
        words = PHASES[each.kind].words
        if text_width(words, SIZE) + 12 <= right - left:
            text(self._front, (left + right) / 2, y + 12.5, words, "inside", anchor="middle")

    def _words(self, placed: Sequence[Placed], baseline: float) -> None:
        for spot in placed:
            text(self._front, spot.left, baseline - LABEL_ROW * spot.row, spot.label.words, "ink halo", size=SIZE)

    def _axis(self, top: float, y: float) -> None:
        span = self._ended - self._began
        step = next((step for step in _STEPS if step / span * (self._right - self._left) >= _TICK_ROOM), _STEPS[-1])
        first = -(-(self._began - self._shown.began) // step)
        for number in range(first, int((self._ended - self._shown.began) / step) + 1):
            moment = self._shown.began + number * step
            line(self._behind, (self.x(moment), top), (self.x(moment), y + 2), "rule")
            text(self._front, self.x(moment), y + 14, _tick(number * step), "muted", anchor="middle")


def _group(parent: Element, name: str) -> Element:
    made = Element("g", {"class": name})
    parent.append(made)
    return made


def _tick(since: timedelta) -> str:
    minutes = int(since.total_seconds() // 60)
    return f"{minutes // 60}:{minutes % 60:02d}" if minutes else "launch"


def _importance(each: Mark) -> int:
    """The more important of two marks in one place is on top."""
    order = ("audit", "report", "checkpoint", "heartbeat", "follow-up", "output", "s3-event", "spot-warning")
    rank = order.index(each.kind) if each.kind in order else len(order)
    return rank + len(order) * (each.result in {"failed", "ended"})


def window_behind(parent: Element, left: float, right: float, top: float, bottom: float) -> None:
    """A light area behind a stretch of a panel."""
    bar(parent, Box(left, top, right - left, bottom - top), "window", radius=4)
