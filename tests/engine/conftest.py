from __future__ import annotations

from collections.abc import Generator

import pytest

from sandbox.engine.cli import NoEngineError, require_engine
from tests.engine.deployed import Deployed, deployment


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Every test here needs a real engine; where there is none, one line says how to get one."""
    try:
        require_engine()
    except NoEngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployed]:
    """The repository's own program with the demo's run, up. Tests that share it preview, and change nothing."""
    with deployment(tmp_path_factory.mktemp("engine")) as stack:
        stack.engine.up()
        yield stack


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployed]:
    """The same, not up yet, for one test alone."""
    with deployment(tmp_path_factory.mktemp("engine")) as stack:
        yield stack
