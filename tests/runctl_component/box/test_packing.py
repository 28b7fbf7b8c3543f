"""The runner as it travels: kept text that is current, small, and runs on the oldest Python of a box."""

from __future__ import annotations

import ast
import re

from runctl_component.box import packing
from runctl_component.box.packing import (
    INSTALLED,
    KEPT_DIGEST,
    PROGRAM,
    SOURCES,
    digest,
    installed_files,
    pack,
    packed_runner,
    unpack,
)


def test_the_kept_text_was_made_from_the_sources_as_they_are() -> None:
    assert KEPT_DIGEST.read_text().strip() == digest(), "run make runner"


def test_the_digest_is_of_all_that_the_room_holds() -> None:
    files = {path.name for path in SOURCES.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    packed = {name if name in INSTALLED else f"{name.rpartition('.')[2]}.py" for name in packing.sources()}
    assert files - packed == {"__init__.py"}


def test_the_kept_text_holds_the_files_that_are_installed() -> None:
    kept, made = unpack(packed_runner()), installed_files()
    assert list(kept) == list(made)
    assert {path: text for path, text in kept.items() if path != PROGRAM} == {
        path: text for path, text in made.items() if path != PROGRAM
    }


def test_packing_and_unpacking_change_nothing() -> None:
    contents = {"/a": "x\n", "/b": "ä\n\n  '\"\\\n"}
    assert unpack(pack(contents)) == contents


def test_the_packed_text_is_lines_of_signs_that_no_heredoc_and_no_preview_changes() -> None:
    assert re.fullmatch(r"([!-~]{1,120}\n)+", packed_runner())
    assert not set("'\"\\/") & set(packed_runner())


def test_the_program_is_one_that_python_3_9_knows() -> None:
    for name, source in packing.sources().items():
        if name not in INSTALLED:
            ast.parse(source, feature_version=(3, 9))
    ast.parse(unpack(packed_runner())[PROGRAM], feature_version=(3, 9))


def test_comments_take_no_room() -> None:
    assert [text for text in unpack(packed_runner()).values() if re.search(r"(?m)^\s*# ", text)] == []
