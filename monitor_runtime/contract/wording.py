"""How lists of names are told: as long as a sentence may be, however many there are."""

from __future__ import annotations

from collections.abc import Sequence

MAX_NAMES = 5


def few(names: Sequence[str]) -> str:
    """All of a few names, or the first `MAX_NAMES` of many and how many more there are."""
    shown = ", ".join(names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES:,} more"
