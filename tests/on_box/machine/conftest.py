"""Boxes that boot: systemd, cloud-init and the AWS CLI for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.box.machine import Box, box_machine
from sandbox.box.root import NoBoxError, require_root

FIRST_BOOT = "#!/bin/bash\necho first >>/root/boots\necho 'said by user data'\n"
TAGS = {"runctl:success-marker": "done.txt", "Name": "llama, 2nd try"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One box runs at a time, so one worker has them all: told before xdist asks for the groups."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("box"))


@pytest.fixture(scope="session", autouse=True)
def can_have_a_box() -> None:
    """Skip where no box can be had."""
    try:
        require_root()
    except NoBoxError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def shared_machine() -> Iterator[Box]:
    """A booted box, for the tests of a file that do not disturb each other."""
    with box_machine(FIRST_BOOT, tags=TAGS) as box:
        box.boot()
        yield box


@pytest.fixture
def machine(shared_machine: Box) -> Iterator[Box]:
    """The shared box, whose surroundings are well again after each test."""
    yield shared_machine
    shared_machine.s3.heal()
    shared_machine.metadata.heal()
    shared_machine.metadata.remove_all_tags()
    shared_machine.metadata.set_tags(TAGS)
