"""Many modules as one program: it does the same, with short names and without what it does not need."""

from __future__ import annotations

import contextlib
import io

import pytest

from runctl_component.box.bundling import bundle

HELPERS = '''
"""Helps."""
from __future__ import annotations
import json
from typing import Any, NamedTuple

_COUNT = 2

class Pair(NamedTuple):
    """Two."""
    first: int
    second: int | None = None

class Speaker:
    def __init__(self, words: str) -> None:
        self._words: str = words
    def say(self, *, loudly: bool = False) -> str:
        def raised(text):
            return text.upper()
        return raised(self._words) if loudly else self._words

def never_called() -> Any:
    return json
'''
MAIN = '''
from __future__ import annotations
from .deep.helpers import Pair, Speaker

_COUNT = 3
_TEXT = """one
    two"""

def main():
    pair = Pair(first=_COUNT)
    try:
        raise ValueError(f"{pair.first}{pair.second}")
    except ValueError as error:
        print(error, Speaker("hello").say(loudly=True), Speaker("hello").say())
    print(_TEXT, [size for size in range(_COUNT)], sorted("ba", key=lambda sign: sign))
'''
PRINTED = "3None HELLO hello\none\n    two [0, 1, 2] ['a', 'b']\n"


def run(program: str) -> str:
    """What it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(program, "bundle", "exec"), {"__name__": "bundle"})  # noqa: S102
    return printed.getvalue()


def test_a_bundle_does_what_its_modules_do() -> None:
    assert run(bundle({"a.deep.helpers": HELPERS, "a.start": MAIN}, "a.start")) == PRINTED


def test_a_bundle_has_neither_long_names_nor_docstrings_nor_what_is_never_used() -> None:
    program = bundle({"a.deep.helpers": HELPERS, "a.start": MAIN}, "a.start")
    assert not [
        word for word in ("Speaker", "_COUNT", "pair", "Two.", "never_called", "json", "Any") if word in program
    ]


def test_what_is_passed_by_name_and_public_attributes_keep_their_names() -> None:
    program = bundle({"a.deep.helpers": HELPERS, "a.start": MAIN}, "a.start")
    assert [word for word in ("first", "second", "loudly", "say") if word not in program] == []


def test_a_parameter_with_the_name_of_something_in_its_module_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a: names of the module are parameters too: \['count'\]"):
        bundle({"a": "count = 1\ndef main(count=2):\n    pass\n"}, "a")
