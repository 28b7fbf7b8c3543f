"""Scenarios, each played once for all tests that look at it."""

from __future__ import annotations

from functools import cache

from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.story import Story, play


@cache
def told(name: str) -> Story:
    """The story of a scenario."""
    return play(SCENARIOS[name])
