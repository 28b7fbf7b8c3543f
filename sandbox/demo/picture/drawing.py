"""Shapes and words in SVG."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree as ET

from sandbox.demo.picture.palette import HATCHED

Element = ET.Element
BOLD = 1.12
"""How much wider bold letters are."""

_WIDTHS = (
    *(318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337),
    *(636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531),
    *(1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787),
    *(603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500),
    *(500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612),
    *(635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838),
)
"""Of the printable ASCII characters in DejaVu Sans, in thousandths of the font size: no usual sans-serif is wider."""


class Box(NamedTuple):
    """A rectangle's left upper corner and size."""

    x: float
    y: float
    width: float
    height: float


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """How much room the words need at most, in pixels."""
    thousandths = sum(_WIDTHS[ord(letter) - 32] if " " <= letter <= "~" else 1000 for letter in words)
    return thousandths * size / 1000 * (BOLD if bold else 1)


def text(
    parent: Element, x: float, y: float, words: str, look: str = "ink", *, size: int = 11, anchor: str = "start"
) -> None:
    """One line of words; ``y`` is its baseline."""
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": str(size)}
    element = ET.SubElement(parent, "text", {"class": look, **place})
    if anchor != "start":
        element.set("text-anchor", anchor)
    element.text = words


def line(parent: Element, start: tuple[float, float], end: tuple[float, float], look: str) -> Element:
    """A straight line."""
    ends = {"x1": f"{start[0]:.1f}", "y1": f"{start[1]:.1f}", "x2": f"{end[0]:.1f}", "y2": f"{end[1]:.1f}"}
    return ET.SubElement(parent, "line", {"class": look, **ends})


def bar(parent: Element, box: Box, look: str, *, radius: float = 3) -> Element:
    """A rectangle."""
    place = {"x": f"{box.x:.1f}", "y": f"{box.y:.1f}", "width": f"{box.width:.1f}", "height": f"{box.height:.1f}"}
    return ET.SubElement(parent, "rect", {"class": look, **place, "rx": f"{min(radius, box.width / 2):.1f}"})


def phase(parent: Element, box: Box, kind: str) -> None:
    """The bar of a phase."""
    bar(parent, box, kind)
    if kind in HATCHED:
        bar(parent, box, "hatched").set("fill", "url(#hatch)")


def mark(parent: Element, x: float, y: float, kind: str, result: str) -> Element:
    """The shape of a check or an object, around a point."""
    look = {"class": f"{kind} {result}".strip()}
    r = 5.0 if result == "ended" else 4.0
    if kind in {"heartbeat", "checkpoint", "follow-up"}:
        r -= 0.6 if kind == "checkpoint" else 0.3
        return ET.SubElement(parent, "circle", {**look, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{r:g}"})
    return ET.SubElement(parent, "path", {**look, "d": _path(kind, x, y, r)})


def _path(kind: str, x: float, y: float, r: float) -> str:
    corners = {
        "first-check": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "output": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "s3-event": ((0, -1.2), (1.2, 1), (-1.2, 1)),
        "spot-warning": ((0, 1.2), (1.2, -1), (-1.2, -1)),
        "audit": ((0, -2), (0, 2)),
        "report": ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
        "marker": ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
        "failure-marker": ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
    }[kind]
    points = " L".join(f"{x + r * dx:.1f} {y + r * dy:.1f}" for dx, dy in corners)
    return f"M{points}" + ("" if kind == "audit" else " Z")
