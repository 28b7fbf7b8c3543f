"""Times as people write them."""

from __future__ import annotations

SECONDS_PER_HOUR = 3_600
DAY_SECONDS = 24 * SECONDS_PER_HOUR
_UNITS = ((DAY_SECONDS, "days"), (SECONDS_PER_HOUR, "h"), (60, "min"), (1, "s"))
_DAYS_FROM_SECONDS = 3 * DAY_SECONDS
"""Below, deadlines are thought of in hours."""


def in_words(seconds: float) -> str:
    """For example ``6 min 5 s``, ``24 h 11 min`` or ``7 days 3 min``."""
    left = round(seconds)
    units = _UNITS if left >= _DAYS_FROM_SECONDS else _UNITS[1:]
    parts: list[str] = []
    for length, unit in units:
        count, left = divmod(left, length)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts) or "0 s"


def days_in_words(count: int) -> str:
    """``1 day`` or ``3 days``."""
    return "1 day" if count == 1 else f"{count} days"
