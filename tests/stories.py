"""Scenarios, each played once for all tests that look at it: those are of one group, `STORIES`, and share a process."""

from __future__ import annotations

from functools import cache

import pytest

from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.story import Story, play

STORIES = pytest.mark.xdist_group("stories")


@cache
def told(name: str, *, seed: int = 1) -> Story:
    """The story of a scenario."""
    return play(SCENARIOS[name], seed=seed)
