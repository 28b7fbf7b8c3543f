"""What the colors and shapes of a picture mean: those that are in it, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from xml.etree import ElementTree as ET

from sandbox.demo.picture.drawing import Box, Element, line, mark, phase, text, text_width
from sandbox.demo.picture.palette import CHECKS, LIMITS, OBJECTS, PHASES, RESULTS

_SIZE, _ROW, _SAMPLE = 11, 19, 26
Draw = Callable[[Element, float, float], object]


def draw_legend(picture: Element, top: float, sides: tuple[float, float]) -> float:
    """A sample and words for each. Returns the bottom."""
    used = [token for element in picture.iter() for token in element.get("class", "").split()]
    legend = ET.SubElement(picture, "g", {"class": "legend"})
    y = top
    for group in (_phases(used), _objects(used), _checks(used), _limits(used)):
        x = sides[0]
        for draw, words in group:
            width = _SAMPLE + text_width(words, _SIZE) + 18
            if x + width > sides[1]:
                x, y = sides[0], y + _ROW
            draw(legend, x, y)
            text(legend, x + _SAMPLE, y + 4, words, "muted", size=_SIZE)
            x += width
        y += _ROW if x > sides[0] else 0
    return y - _ROW + 8


Entries = Iterator[tuple[Draw, str]]


def _phases(used: list[str]) -> Entries:
    for kind, look in PHASES.items():
        if kind in used:
            yield partial(_phase, kind=kind), look.words


def _objects(used: list[str]) -> Entries:
    for kind, look in OBJECTS.items():
        if kind in used:
            yield partial(_mark, kind=kind, result=""), look.words


def _checks(used: list[str]) -> Entries:
    for kind, words in CHECKS.items():
        if kind in used:
            yield partial(_mark, kind=kind, result="usual"), words
    for result, look in RESULTS.items():
        if result in used and result != "usual":
            yield partial(_mark, kind="heartbeat", result=result), look.words


def _limits(used: list[str]) -> Entries:
    for kind, look in LIMITS.items():
        if kind in used:
            yield partial(_limit, kind=kind), look.words


def _phase(legend: Element, x: float, y: float, *, kind: str) -> None:
    phase(legend, Box(x, y - 5, 20, 10), kind)


def _mark(legend: Element, x: float, y: float, *, kind: str, result: str) -> None:
    mark(legend, x + 12, y, kind, result)


def _limit(legend: Element, x: float, y: float, *, kind: str) -> None:
    line(legend, (x + 12, y - 7), (x + 12, y + 7), kind)
