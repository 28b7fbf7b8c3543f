"""``make pictures``: the pictures that the README shows, from the demo's own stories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sandbox.demo.picture.picture import timeline_svg
from sandbox.demo.recording import recording_svg
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.story import play
from sandbox.engine.stack import ROOT

FOLDER = Path("docs", "images")


def _timeline(name: str) -> str:
    return timeline_svg(play(SCENARIOS[name]), name)


PICTURES: Mapping[str, Callable[[], str]] = {
    "timeline-default.svg": partial(_timeline, "default"),
    "timeline-hang.svg": partial(_timeline, "hang"),
    "demo.svg": partial(recording_svg, "default"),
}
"""By file name in `FOLDER`."""

if __name__ == "__main__":
    (ROOT / FOLDER).mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (ROOT / FOLDER / name).write_text(draw(), encoding="utf-8")
