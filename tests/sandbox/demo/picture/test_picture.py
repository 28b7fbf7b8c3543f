"""Each scenario's picture, as somebody reads it who has not read the story."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from sandbox.demo.picture.check_words import check_kind
from sandbox.demo.picture.drawing import mark, text_width
from sandbox.demo.picture.palette import CHECKS, LIMITS, OBJECTS, PHASES, RESULTS, style
from sandbox.demo.picture.picture import timeline_svg
from sandbox.demo.picture.timeline import timeline
from sandbox.demo.scenarios import SCENARIOS

from ....stories import STORIES, told

pytestmark = STORIES

SVG = "{http://www.w3.org/2000/svg}"
LOOKS = {*PHASES, *OBJECTS, *CHECKS, *RESULTS, *LIMITS} - {"usual"}
each_scenario = pytest.mark.parametrize("name", SCENARIOS)


@cache
def _picture(name: str) -> ET.Element:
    return ET.fromstring(timeline_svg(told(name), name))


def _words(name: str) -> list[str]:
    return [element.text or "" for element in _picture(name).iter(f"{SVG}text")]


class _Area(NamedTuple):
    words: str
    left: float
    right: float
    top: float
    bottom: float


def _areas(picture: ET.Element) -> list[_Area]:
    """What each text covers at most, in the widest of the usual fonts."""
    areas: list[_Area] = []
    for element in picture.iter(f"{SVG}text"):
        words, size = element.text or "", float(element.get("font-size", ""))
        width = text_width(words, size, bold="title" in element.get("class", ""))
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "start")]
        left, baseline = float(element.get("x", "")) - share * width, float(element.get("y", ""))
        areas.append(_Area(words, left, left + width, baseline - 0.8 * size, baseline + 0.25 * size))
    return areas


@each_scenario
def test_no_words_cover_other_words(name: str) -> None:
    covering = [
        (one.words, other.words)
        for one, other in combinations(_areas(_picture(name)), 2)
        if one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
    ]
    assert covering == []


@each_scenario
def test_all_words_are_inside_of_the_picture(name: str) -> None:
    _, _, width, height = map(float, _picture(name).get("viewBox", "").split())
    outside = [area for area in _areas(_picture(name)) if area.left < 0 or area.right > width or area.bottom > height]
    assert outside == []


def _looks(element: ET.Element) -> set[str]:
    return {token for each in element.iter() for token in each.get("class", "").split()} & LOOKS


@each_scenario
def test_the_legend_has_every_color_and_shape_of_the_picture_and_no_other(name: str) -> None:
    groups = {group.get("class"): group for group in _picture(name).findall(f"{SVG}g")}
    panels = [group for group in _picture(name).findall(f"{SVG}g") if group.get("class") in {"panel", "behind"}]
    assert set[str]().union(*map(_looks, panels)) == _looks(groups["legend"])


@each_scenario
def test_every_color_and_shape_of_the_legend_is_explained_beside_it(name: str) -> None:
    (legend,) = (group for group in _picture(name) if group.get("class") == "legend")
    explained = {element.text for element in legend.iter(f"{SVG}text")}
    looks = {**PHASES, **OBJECTS, **LIMITS, **RESULTS}
    words = {kind: look.words for kind, look in looks.items()} | dict(CHECKS)
    assert explained >= {words[kind] for kind in _looks(legend)}


def test_triggers_have_shapes_of_their_own() -> None:
    """A ring and a dot are both circles: the style sheet fills only one of them."""
    drawn = [mark(ET.Element("g"), 0, 0, kind, "usual") for kind in CHECKS]
    hollow = set(re.findall(r"\.follow-up,\.report\{fill:#ffffff\}", style())) and {"follow-up"}
    shapes = [(shape.tag, shape.get("d"), kind in hollow) for kind, shape in zip(CHECKS, drawn, strict=True)]
    assert len(set(shapes)) == len(CHECKS)


@each_scenario
def test_every_check_until_the_end_of_the_picture_is_drawn_by_what_triggered_it(name: str) -> None:
    shown, story = timeline(told(name)), told(name)
    overview = _picture(name).find(f"{SVG}g[@class='panel']")
    assert overview is not None
    drawn = Counter(token for each in overview.iter() for token in each.get("class", "").split() if token in CHECKS)
    expected = Counter(check_kind(entry) for entry in story.invocations if entry.ended_at <= shown.ended)
    assert drawn == expected


@pytest.mark.parametrize(
    ("name", "kinds"),
    {
        "default": {"grace", "finished", "stopped"},
        "crash": {"grace", "crashed", "failure-marker", "stopped"},
        "events": {"s3-event", "grace"},
        "outputs": {"output", "finished", "grace"},
        "hang": {"hung", "deadline", "switch", "timer", "ended"},
        "switch": {"hung", "broken-monitor", "failed", "deadline", "switch"},
        "spot": {"spot-warning", "terminated"},
        "persistent": {"finished", "terminated"},
        "idle": {"hung", "ended"},
        "stall": {"hung", "ended"},
        "hold": {"hold", "grace", "finished"},
        "s3-outage": {"s3-outage", "blind", "grace"},
        "unverified": {"verification", "grace", "marker"},
        "later": {"stopped", "terminated"},
        "restart": {"booting", "stopped", "marker"},
    }.items(),
)
def test_what_happened_is_drawn(name: str, kinds: set[str]) -> None:
    assert kinds <= _looks(_picture(name))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("default", "marker seen 2:10:14"),
        ("default", "stop called 2:15:00"),
        ("default", "stopped 2:15:34"),
        ("default", "Seen 14 s after the marker was written. 21 h 45 min saved against its deadline of 24 h."),
        ("crash", "Stopped 2:15:00 after the launch: marker training_failed.txt (exit code 137)."),
        ("crash", "Outcome: failed"),
        ("events", "marker seen 2:10:01"),
        ("outputs", "outputs seen 2:20:06"),
        ("hang", "deadline passed, training asked to save, stop called 2:00:00"),
        ("hang", "deadline switch 2:10:00, not needed"),
        ("hang", "instance's timer 2:20:00, not needed"),
        ("hang", "The training did nothing after 1:10:00. Ended at its deadline of 2 h."),
        ("switch", "stopped by the deadline switch 2:10:36"),
        ("switch", "Outcome: none recorded"),
        ("spot", "taken by EC2 1:02:00"),
        (
            "spot",
            "The training was asked to save 1 min 58 s before that. 22 h 58 min were left until its deadline of 24 h.",
        ),
        ("persistent", "spot request cancelled, terminate called 2:15:00"),
        ("idle", "Stopped 1:20:27 after the launch: CPUUtilization under 5 for 30 minutes."),
        ("stall", "stalled, training asked to save, stop called 1:45:00"),
        ("hold", "hold over, stop called 4:00:00"),
        ("hold", "On hold from 1:00:00 until 4:00:00. 20 h saved against its deadline of 24 h."),
        ("s3-outage", "marker seen, stop called 2:25:57"),
        ("unverified", "not verified, so it waits 2:15:00"),
        ("later", "terminated 26:31:43"),
        ("restart", "started again 4:00:00"),
    ],
)
def test_what_happened_is_said(name: str, words: str) -> None:
    assert words in _words(name)


def test_deadline_layers_that_are_far_away_are_not_drawn() -> None:
    assert _looks(_picture("default")) & {*LIMITS} == set()


def test_a_story_is_told_in_sentences_to_those_who_cannot_see_it() -> None:
    title, told_story = (_picture("hang").findtext(f"{SVG}{tag}") for tag in ("title", "desc"))
    assert title == "hang: the training hangs until its deadline"
    assert told_story == (
        "Outcome: deadline. Stopped 2:00:00 after the launch: deadline 2:00:00 passed."
        " The training did nothing after 1:10:00. Ended at its deadline of 2 h."
    )


def test_a_run_that_nobody_ended_is_drawn_until_its_last_check() -> None:
    story = replace(told("spot"), changes=[], tags={})
    picture = ET.fromstring(timeline_svg(story, "spot"))
    assert "The instance was not ended." in {element.text for element in picture.iter(f"{SVG}text")}


def test_a_summary_is_shown_as_it_is_written() -> None:
    story = replace(told("default"), scenario=replace(SCENARIOS["default"], summary="A & B < C"))
    picture = ET.fromstring(timeline_svg(story, "default"))
    assert "A & B < C" in {element.text for element in picture.iter(f"{SVG}text")}


def test_every_color_of_a_light_page_has_one_of_a_dark_page() -> None:
    light, dark = style().split("@media (prefers-color-scheme:dark){")
    colored = [set(re.findall(r"(\S+)\{[^}]*#", part)) for part in (light, dark)]
    assert colored[0] == colored[1]
    assert {f".{look}" for look in LOOKS - {*CHECKS}} <= colored[0]
