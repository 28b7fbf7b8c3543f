"""A box, with what surrounds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .box import Box
from .surroundings import Surroundings, surroundings


@pytest.fixture
def around() -> Iterator[Surroundings]:
    """The metadata service and an empty bucket."""
    with surroundings() as found:
        yield found


@pytest.fixture
def box(tmp_path: Path, around: Surroundings) -> Iterator[Box]:
    """A box that was not booted yet."""
    created = Box(tmp_path / "box", around)
    yield created
    created.clean_up()
