"""Colors and words of everything that a picture may show, for light and for dark pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """A color on a light page and on a dark one, and the legend's words."""

    light: str
    dark: str
    words: str


PHASES: Mapping[str, Look] = {
    "booting": Look("#c9d1d9", "#484f58", "booting"),
    "training": Look("#9ecbff", "#1f4b7d", "training"),
    "finished": Look("#b4e3c0", "#1d5b33", "finished"),
    "crashed": Look("#ffc1ba", "#7d2a24", "crashed"),
    "hung": Look("#ffd8a8", "#7a4510", "hangs"),
    "shutting-down": Look("#afb8c1", "#6e7681", "shutting down"),
    "stopped": Look("#dbe1e7", "#30363d", "stopped"),
    "terminated": Look("#dbe1e7", "#30363d", "terminated"),
    "grace": Look("#ffe08a", "#6b5310", "grace period"),
    "verification": Look("#dcc8ff", "#4b3480", "verification"),
    "hold": Look("#a5e1e0", "#155e63", "on hold"),
    "s3-outage": Look("#ffc1ba", "#7d2a24", "S3 does not answer"),
    "broken-monitor": Look("#ffc1ba", "#7d2a24", "monitor broken"),
}
"""Bars. Their words are also written into them where there is room."""
HATCHED = frozenset({"hold", "s3-outage", "broken-monitor", "terminated"})

OBJECTS: Mapping[str, Look] = {
    "report": Look("#57606a", "#9198a1", "report that the training begins"),
    "checkpoint": Look("#0969da", "#58a6ff", "checkpoint written"),
    "output": Look("#8250df", "#bc8cff", "expected output written"),
    "marker": Look("#1a7f37", "#3fb950", "success marker written"),
    "failure-marker": Look("#cf222e", "#ff7b72", "failure marker written"),
}
CHECKS: Mapping[str, str] = {
    "first-check": "first check",
    "heartbeat": "heartbeat",
    "follow-up": "follow-up",
    "s3-event": "S3 event",
    "spot-warning": "spot warning",
    "audit": "audit",
}
"""Shapes of checks: by what triggered them."""
RESULTS: Mapping[str, Look] = {
    "usual": Look("#57606a", "#9198a1", "a check"),
    "blind": Look("#bc4c00", "#f0883e", "a check that could not see"),
    "failed": Look("#cf222e", "#ff7b72", "a check that failed"),
    "ended": Look("#1a7f37", "#3fb950", "a check that ended the instance"),
}
"""Colors of checks: by how they went."""
LIMITS: Mapping[str, Look] = {
    "deadline": Look("#cf222e", "#ff7b72", "deadline"),
    "switch": Look("#9a6700", "#d29922", "deadline switch: 10 min later"),
    "timer": Look("#6e7781", "#8b949e", "the instance's timer: 20 min later"),
}

_PAGE: Mapping[str, tuple[str, str, str]] = {
    "paper": ("fill", "#ffffff", "#0d1117"),
    "edge": ("stroke", "#d0d7de", "#30363d"),
    "ink": ("fill", "#1f2328", "#e6edf3"),
    "muted": ("fill", "#59636e", "#9198a1"),
    "inside": ("fill", "#1f2328", "#e6edf3"),
    "rule": ("stroke", "#d8dee4", "#30363d"),
    "leader": ("stroke", "#afb8c1", "#545d68"),
    "window": ("fill", "#f3f6f9", "#161b22"),
    "hatch": ("stroke", "#1f2328", "#e6edf3"),
}


def style() -> str:
    """The picture's style sheet."""
    light, dark = (_rules(dark=each) for each in (False, True))
    return "\n".join(
        (
            "text{font-family:'Segoe UI',system-ui,-apple-system,'Helvetica Neue',Arial,sans-serif}",
            *light,
            ".follow-up,.report{stroke-width:1.8}",
            ".audit{stroke-width:1.6}",
            ".rule,.leader{fill:none}",
            ".title{font-weight:600}",
            ".halo{paint-order:stroke;stroke-width:3;stroke-linejoin:round}",
            ".deadline,.switch,.timer{stroke-width:1.5}",
            ".switch{stroke-dasharray:5 3}",
            ".timer{stroke-dasharray:2 3}",
            ".hatch{fill:none;stroke-opacity:.22}",
            "@media (prefers-color-scheme:dark){",
            *dark,
            "}",
        )
    )


def _rules(*, dark: bool) -> list[str]:
    rules = [f".{name}{{fill:{look[dark]}}}" for name, look in PHASES.items()]
    rules += [
        f".{name}{{fill:{look[dark]};stroke:{look[dark]}}}" for name, look in (*OBJECTS.items(), *RESULTS.items())
    ]
    rules += [f".{name}{{stroke:{look[dark]};fill:none}}" for name, look in LIMITS.items()]
    rules += [f".{name}{{{what}:{colors[dark]}}}" for name, (what, *colors) in _PAGE.items()]
    paper = _PAGE["paper"][1 + dark]
    return [*rules, f".follow-up,.report{{fill:{paper}}}", f".halo{{stroke:{paper}}}"]
