"""What the demo prints, as a picture of a terminal whose lines appear in the order of virtual time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from sandbox.demo.narrator import tell
from sandbox.demo.scenarios import SCENARIOS

COLUMNS = 96
SECONDS = 8.0
"""How long it plays, once; readers who want no motion see all lines at once."""
_ID = "demo"
_TIMED = re.compile(r"(\d+):(\d\d):(\d\d)  ")
_THEME = TerminalTheme(
    (13, 17, 23),
    (230, 237, 243),
    [
        *((72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34)),
        *((88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)),
    ],
)
_FORMAT = """\
<svg width="880" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title">
<title id="title">TITLE</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }}
.{unique_id}-title {{ font: bold 18px 'Segoe UI', system-ui, Helvetica, Arial, sans-serif }}
{styles}
@keyframes appear {{ from {{ opacity: 0 }} to {{ opacity: 1 }} }}
@media (prefers-reduced-motion: no-preference) {{
ANIMATION
}}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def recording_svg(name: str) -> str:
    """The timeline and the outcome of a scenario as ``make demo`` prints them, in an SVG document."""
    console = Console(
        file=io.StringIO(), record=True, width=COLUMNS, height=60, highlight=False, color_system="truecolor",
        force_terminal=True, no_color=False, legacy_windows=False,
    )  # fmt: skip
    tell(console, SCENARIOS[name])
    moments = _moments(console.export_text(clear=False).splitlines())
    rules = "\n".join(
        f"text[clip-path='url(#{_ID}-line-{line})'] {{{{ animation: appear 1ms {moment:.2f}s backwards }}}}"
        for line, moment in enumerate(moments)
    )
    title = f"make demo{'' if name == 'default' else f' SCENARIO={name}'}"
    template = _FORMAT.replace("ANIMATION", rules).replace("TITLE", f"{title}: {SCENARIOS[name].summary}")
    drawn = console.export_svg(title=title, theme=_THEME, code_format=template, unique_id=_ID)
    return drawn.replace("</text><text", "</text>\n<text")


def _moments(lines: list[str]) -> Iterator[float]:
    """When each line appears: by its time since the launch, or with the line before it."""
    times = [_TIMED.match(line) for line in lines]
    since = [
        sum(int(part) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))
        for found in times
        if found
    ]
    scale, latest = SECONDS / max(since), 0
    for found in times:
        latest = since.pop(0) if found else latest
        yield latest * scale
