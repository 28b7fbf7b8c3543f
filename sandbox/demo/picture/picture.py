"""The timeline of a story as a picture that tells it by itself, on light pages and on dark ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from sandbox.demo.picture.drawing import Box, Element, bar, line, text, text_width
from sandbox.demo.picture.legend import draw_legend
from sandbox.demo.picture.palette import style
from sandbox.demo.picture.panel import Panel, window_behind
from sandbox.demo.picture.sentences import ending, facts, outcome
from sandbox.demo.picture.timeline import Timeline, timeline
from sandbox.demo.story import Story

WIDTH, LEFT, RIGHT, MARGIN = 880, 92, 860, 20


def timeline_svg(story: Story, name: str) -> str:
    """An SVG document, 880 pixels wide."""
    shown = timeline(story)
    picture = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img", width=str(WIDTH))
    picture.set("aria-labelledby", "title story")
    told = [ending(story), *(f"{fact}." for fact in facts(story))]
    ET.SubElement(picture, "title", id="title").text = f"{name}: {story.scenario.summary}"
    ET.SubElement(picture, "desc", id="story").text = " ".join([f"Outcome: {outcome(story)}.", *told])
    ET.SubElement(picture, "style").text = style()
    _hatch(picture)
    page = bar(picture, Box(0.5, 0.5, WIDTH - 1, 0), "paper edge", radius=8)
    top = _header(picture, story, name)
    bottom = draw_legend(picture, _panels(picture, shown, top) + 22, (MARGIN, WIDTH - MARGIN)) + 14
    page.set("height", f"{bottom - 1:.1f}")
    picture.set("height", f"{bottom:.0f}")
    picture.set("viewBox", f"0 0 {WIDTH} {bottom:.0f}")
    ET.indent(picture)
    return ET.tostring(picture, encoding="unicode") + "\n"


def _hatch(picture: Element) -> None:
    definitions = ET.SubElement(picture, "defs")
    size = {"width": "6", "height": "6", "patternUnits": "userSpaceOnUse"}
    pattern = ET.SubElement(definitions, "pattern", {"id": "hatch", **size})
    ET.SubElement(pattern, "path", {"class": "hatch", "d": "M-1 1L1 -1M0 6L6 0M5 7L7 5"})


def _header(picture: Element, story: Story, name: str) -> float:
    """Returns where it ends."""
    summary = story.scenario.summary
    text(picture, MARGIN, 34, summary[0].upper() + summary[1:], "ink title", size=17)
    text(picture, WIDTH - MARGIN, 34, name, "muted", size=12, anchor="end")
    text(picture, MARGIN, 58, f"Outcome: {outcome(story)}", "ink title", size=13)
    after = MARGIN + text_width(f"Outcome: {outcome(story)}", 13, bold=True) + 10
    y = _paragraph(picture, 58, ending(story).split(), "ink", size=13, first=after)
    return _paragraph(picture, y + 1, [f"{fact}." for fact in facts(story)], "muted", size=12) + 1


def _paragraph(
    picture: Element, y: float, pieces: Sequence[str], look: str, *, size: int, first: float = MARGIN
) -> float:
    """Lines of whole pieces from the left margin, but the first from ``first``. Returns where the next would be."""
    left, written = first, ""
    for piece in pieces:
        longer = f"{written} {piece}".strip()
        if left + text_width(longer, size) > WIDTH - MARGIN:
            text(picture, left, y, written, look, size=size)
            left, y, longer = MARGIN, y + 19, piece
        written = longer
    text(picture, left, y, written, look, size=size)
    return y + 19


def _panels(picture: Element, shown: Timeline, top: float) -> float:
    """All of it and, where that is too small to see, its ending below. Returns the bottom."""
    behind = ET.SubElement(picture, "g")
    overview = Panel(picture, shown, (shown.began, shown.ended), (LEFT, RIGHT), top)
    window = shown.close_up
    if window is None:
        return overview.draw(lambda _: True)
    middle = overview.draw(lambda mark: not _within(mark.at, window))
    close_top = middle + 30
    bottom = Panel(picture, shown, window, (LEFT, RIGHT), close_top).draw(lambda _: True)
    first, last = overview.x(window[0]), overview.x(window[1])
    window_behind(behind, first, last, top - 4, middle + 4)
    window_behind(behind, MARGIN - 10, WIDTH - MARGIN + 10, close_top - 8, bottom + 8)
    line(behind, (first, middle + 4), (MARGIN - 10, close_top - 8), "leader")
    line(behind, (last, middle + 4), (WIDTH - MARGIN + 10, close_top - 8), "leader")
    return bottom + 8


def _within(moment: datetime, window: tuple[datetime, datetime]) -> bool:
    return window[0] <= moment <= window[1]
