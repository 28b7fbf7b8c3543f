"""The timeline of a story as a picture: one row for the training, one for the checks, one for the instance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from xml.etree import ElementTree as ET

from sandbox.show import offset
from sandbox.story import Story

WIDTH, HEIGHT, LEFT, RIGHT = 960, 250, 96, 24
_ROWS = {"training": 70, "checks": 120, "instance": 170}
_COLORS = {"training": "#8e44ad", "checks": "#2471a3", "instance": "#1e8449", "wait": "#d68910", "end": "#c0392b"}


def timeline_svg(story: Story, name: str) -> str:
    """An SVG document of 960 by 250 pixels."""
    end = story.called_at or max(entry.started_at for entry in story.invocations)
    span = (end - story.launched_at).total_seconds() * 1.06 or 1.0

    def x(moment: datetime) -> float:
        share = (moment - story.launched_at).total_seconds() / span
        return LEFT + min(share, 1.0) * (WIDTH - LEFT - RIGHT)

    picture = ET.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", width=str(WIDTH), height=str(HEIGHT)
    )
    picture.set("font-family", "system-ui, sans-serif")
    ET.SubElement(picture, "rect", width="100%", height="100%", fill="white")
    _text(picture, 16, 30, f"{name}: {story.scenario.summary}", size=16)
    for row, y in _ROWS.items():
        _text(picture, 16, y + 4, row)
        _line(picture, x(story.launched_at), WIDTH - RIGHT, y, color="#dddddd", width=1)
    _line(picture, x(story.launched_at), x(end), _ROWS["instance"], color=_COLORS["instance"], width=10)
    if story.marker_at and story.grace_over_at:
        _line(picture, x(story.marker_at), x(story.grace_over_at), _ROWS["training"], color=_COLORS["wait"], width=10)
        _text(picture, x(story.grace_over_at), _ROWS["training"] - 12, "grace period", anchor="end")
    for moment, key in story.written:
        _dot(picture, x(moment), _ROWS["training"], _COLORS["training"], offset(moment, story.launched_at) + f" {key}")
    for entry in story.invocations:
        if entry.started_at <= end:
            decision = str((entry.reply or {}).get("decision") or "error")
            color = _COLORS["end"] if decision in {"end", "error"} else _COLORS["checks"]
            _dot(picture, x(entry.started_at), _ROWS["checks"], color, offset(entry.started_at, story.launched_at))
    _moments(picture, story, x)
    return ET.tostring(picture, encoding="unicode")


def _moments(picture: ET.Element, story: Story, x: Callable[[datetime], float]) -> None:
    moments = (("through", story.marker_at), ("stop called", story.called_at))
    for index, (name, moment) in enumerate(moments):
        if moment:
            _text(picture, x(moment), 205 + 18 * index, f"{name} {offset(moment, story.launched_at)}", anchor="end")


def _text(picture: ET.Element, x: float, y: float, words: str, *, size: int = 12, anchor: str = "start") -> None:
    element = ET.SubElement(picture, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill="#222222")
    element.set("font-size", str(size))
    element.set("text-anchor", anchor)
    element.text = words


def _line(picture: ET.Element, x1: float, x2: float, y: float, *, color: str, width: int) -> None:
    line = ET.SubElement(picture, "line", x1=f"{x1:.1f}", x2=f"{x2:.1f}", y1=str(y), y2=str(y), stroke=color)
    line.set("stroke-width", str(width))


def _dot(picture: ET.Element, x: float, y: float, color: str, title: str) -> None:
    dot = ET.SubElement(picture, "circle", cx=f"{x:.1f}", cy=str(y), r="4", fill=color)
    ET.SubElement(dot, "title").text = title
