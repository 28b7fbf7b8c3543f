"""The pictures that the README shows."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sandbox.demo.pictures import FOLDER, PICTURES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PICTURES)
def test_a_committed_picture_is_what_the_code_draws(name: str) -> None:
    """Whoever changes a story or how it is told runs `make pictures`."""
    assert (ROOT / FOLDER / name).read_text(encoding="utf-8") == PICTURES[name]()


def test_the_pictures_in_the_readme_are_those_that_are_drawn() -> None:
    shown = re.findall(rf"!\[([^\]]+)\]\({FOLDER.as_posix()}/([^)]+)\)", README)
    assert (
        sorted(name for _, name in shown) == sorted(PICTURES) == sorted(path.name for path in (ROOT / FOLDER).iterdir())
    )
    assert all(len(words) > 20 for words, _ in shown)


@pytest.mark.parametrize("name", PICTURES)
def test_a_committed_picture_is_well_formed_and_loads_nothing(name: str) -> None:
    """GitHub shows pictures as images, which may load nothing and run no scripts."""
    document = (ROOT / FOLDER / name).read_text(encoding="utf-8")
    assert ET.fromstring(document).tag == "{http://www.w3.org/2000/svg}svg"
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|<script|<image|@import|@font-face", document) == []
