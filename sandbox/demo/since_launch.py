"""Times as people read them in a story: since the launch."""

from __future__ import annotations

import re
from datetime import datetime

from monitor_runtime.contract.times import parse_time

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def offset(moment: datetime, launched_at: datetime) -> str:
    """Time since the launch as h:mm:ss."""
    seconds = int((moment - launched_at).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def with_offsets(words: str, launched_at: datetime) -> str:
    """The words with each time in ISO 8601 replaced by its `offset`."""

    def shorter(found: re.Match[str]) -> str:
        moment = parse_time(found[0])
        return offset(moment, launched_at) if moment else found[0]

    return _TIME.sub(shorter, words)


def between(start: datetime, end: datetime) -> str:
    """The time from one to the other in its two largest units, by the whole seconds that `offset` shows."""
    seconds = int((end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds())
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0 s"
