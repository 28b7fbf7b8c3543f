"""The timeline of a story as a picture: one row for the training, one for the checks, one for the instance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from monitor_runtime.contract.times import parse_time
from sandbox.aws.functions import Invocation
from sandbox.demo.show import offset
from sandbox.demo.story import Story

WIDTH, HEIGHT, LEFT, RIGHT = 960, 250, 96, 24
_ROWS = {"training": 70, "checks": 120, "instance": 170}
_COLORS = {
    "training": "#8e44ad",
    "checks": "#2471a3",
    "instance": "#1e8449",
    "grace": "#d68910",
    "end": "#c0392b",
    "error": "#222222",
    "hour": "#888888",
}
_LEGEND = (("a check", "checks"), ("one that ended the run", "end"), ("one that failed", "error"))


def timeline_svg(story: Story, name: str) -> str:
    """An SVG document of 960 by 250 pixels."""
    end = story.ended_at or max(entry.started_at for entry in story.invocations)
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
    _hours(picture, story.launched_at, end, x)
    for began, ended in running_spans(story, end):
        _line(picture, x(began), x(ended), _ROWS["instance"], color=_COLORS["instance"], width=10)
    if story.marker_at and story.grace_over_at:
        _line(picture, x(story.marker_at), x(story.grace_over_at), _ROWS["training"], color=_COLORS["grace"], width=10)
        _text(picture, x(story.grace_over_at), _ROWS["training"] - 12, "grace period", anchor="end")
    for moment, key in story.written:
        _dot(picture, x(moment), _ROWS["training"], _COLORS["training"], offset(moment, story.launched_at) + f" {key}")
    for entry in story.invocations:
        if entry.started_at <= end:
            color = _COLORS.get(_decision(entry), _COLORS["checks"])
            _dot(picture, x(entry.ended_at), _ROWS["checks"], color, offset(entry.ended_at, story.launched_at))
    _moments(picture, story, x)
    return ET.tostring(picture, encoding="unicode")


def running_spans(story: Story, end: datetime) -> list[tuple[datetime, datetime]]:
    """From each launch to the check that ended it, or that first found the instance no longer running."""
    spans: list[tuple[datetime, datetime]] = []
    began: datetime | None = story.launched_at
    for entry in story.invocations:
        if entry.reply is None or "instance" not in entry.reply:
            continue
        instance: dict[str, str] = entry.reply["instance"] or {}
        running = instance.get("state") in {"pending", "running"}
        if began and (not running or _decision(entry) == "end"):
            spans.append((began, min(entry.ended_at, end)))
            began = None
        elif began is None and running:
            began = parse_time(instance["launched_at"])
    return [*spans, (began, end)] if began else spans


def _decision(entry: Invocation) -> str:
    return str((entry.reply or {}).get("decision") or "error")


def _hours(picture: ET.Element, launched_at: datetime, end: datetime, x: Callable[[datetime], float]) -> None:
    for hour in range(int((end - launched_at) / timedelta(hours=1)) + 1):
        words = f"{hour} h" if hour else "launch"
        place = x(launched_at + timedelta(hours=hour))
        _text(picture, place, _ROWS["instance"] + 24, words, size=10, anchor="middle", color=_COLORS["hour"])


def _moments(picture: ET.Element, story: Story, x: Callable[[datetime], float]) -> None:
    interrupted = next((entry.ended_at for entry in story.invocations if _decision(entry) == "interrupt"), None)
    moments = (
        ("through", story.marker_at),
        ("stop called", story.called_at),
        ("interruption warned", interrupted),
        ("taken by EC2", story.taken_at),
    )
    for index, (name, moment) in enumerate((name, moment) for name, moment in moments if moment):
        _text(picture, x(moment), 216 + 18 * index, f"{name} {offset(moment, story.launched_at)}", anchor="end")
    for index, (words, color) in enumerate(_LEGEND):
        _text(picture, 16, 210 + 15 * index, words, color=_COLORS[color])


def _text(
    picture: ET.Element,
    x: float,
    y: float,
    words: str,
    *,
    size: int = 12,
    anchor: str = "start",
    color: str = "#222222",
) -> None:
    element = ET.SubElement(picture, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill=color)
    element.set("font-size", str(size))
    element.set("text-anchor", anchor)
    element.text = words


def _line(picture: ET.Element, x1: float, x2: float, y: float, *, color: str, width: int) -> None:
    line = ET.SubElement(picture, "line", x1=f"{x1:.1f}", x2=f"{x2:.1f}", y1=str(y), y2=str(y), stroke=color)
    line.set("stroke-width", str(width))


def _dot(picture: ET.Element, x: float, y: float, color: str, title: str) -> None:
    dot = ET.SubElement(picture, "circle", cx=f"{x:.1f}", cy=str(y), r="4", fill=color)
    ET.SubElement(dot, "title").text = title
