"""The picture of what the demo prints."""

from __future__ import annotations

import re
from functools import cache
from xml.etree import ElementTree as ET

import pytest

from sandbox.demo.recording import SECONDS, recording_svg

pytestmark = pytest.mark.xdist_group("recording")

SVG = "{http://www.w3.org/2000/svg}"


@cache
def _recording() -> str:
    return recording_svg("crash")


def _lines() -> dict[str, str]:
    """The words of each line by the id of its clip path."""
    lines: dict[str, str] = {}
    for element in ET.fromstring(_recording()).iter(f"{SVG}text"):
        place = element.get("clip-path", "")
        lines[place] = lines.get(place, "") + (element.text or "").replace("\N{NO-BREAK SPACE}", " ")
    return lines


def test_a_recording_shows_the_timeline_and_the_outcome() -> None:
    said = "\n".join(_lines().values())
    told = ["make demo SCENARIO=crash", "wrote training_failed.txt", "end", "one LIST every 30 s"]
    places = [said.find(words) for words in told]
    assert -1 not in places
    assert places == sorted(places)


def test_lines_appear_in_the_order_of_virtual_time_and_all_are_there_in_the_end() -> None:
    appearing = re.findall(r"url\(#demo-line-(\d+)\)'\] \{ animation: appear 1ms ([\d.]+)s backwards", _recording())
    moments = [float(moment) for _, moment in appearing]
    assert [int(line) for line, _ in appearing] == list(range(len(appearing)))
    assert moments == sorted(moments)
    assert (moments[0], moments[-1]) == (0, SECONDS)


def test_nothing_of_the_real_machine_is_in_a_recording() -> None:
    assert "no AWS account was used" not in _recording()
    assert "build/" not in _recording()
