from __future__ import annotations

import io
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from sandbox.picture import timeline_svg
from sandbox.scenarios import SCENARIOS
from sandbox.show import resource_tree
from sandbox.story import Story, play, preview

DEFAULT = SCENARIOS["default"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def story() -> Story:
    return play(DEFAULT)


def test_each_resource_of_a_preview_stands_once_below_its_parent() -> None:
    previewed = preview(DEFAULT)
    page = io.StringIO()
    Console(file=page, width=100).print(resource_tree(previewed))
    lines = page.getvalue().splitlines()
    assert lines[1:3] == ["└── + TrainingRun  llama-ft", "    ├── + ec2.Instance  llama-ft"]
    assert len(lines) == 1 + len(previewed.resources)


def test_the_picture_names_the_moments_of_the_ending(story: Story) -> None:
    words = {element.text for element in ET.fromstring(timeline_svg(story, "default")).iter(f"{SVG}text")}
    assert {"through 2:10:00", "grace period", "stop called 2:15:00"} <= words


def test_the_picture_has_a_dot_for_every_check_and_every_object(story: Story) -> None:
    drawn = ET.fromstring(timeline_svg(story, "default")).findall(f"{SVG}circle")
    assert story.called_at
    checks = [entry for entry in story.invocations if entry.started_at <= story.called_at]
    assert len(drawn) == len(checks) + len(story.written)


def test_the_picture_shows_a_summary_as_it_is_written(story: Story) -> None:
    named = replace(story, scenario=replace(DEFAULT, summary="A & B < C"))
    assert "default: A & B < C" in {
        element.text for element in ET.fromstring(timeline_svg(named, "default")).iter(f"{SVG}text")
    }
