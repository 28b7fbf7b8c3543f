"""Each run writes to a place of its own: what one uploads must never count for another."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.errors import InvalidArgs

FIELDS = ("bucket", "prefix")
Takers = MutableMapping[tuple[str, str], str]

PROGRAM: ContextVar[object] = ContextVar("program", default=None)
"""Stands for the program where its runs come one by one, each as if it had an engine of its own: in the plugin."""

_TAKEN: WeakKeyDictionary[object, Takers] = WeakKeyDictionary()
"""By the program, or the engine that it talks to, so that each program begins with nothing taken."""


def place_taken(taken: Takers, name: str, args: Mapping[str, Any]) -> Iterator[Problem]:
    """Take the place of a run, or say which run has it, or a place around or within it."""
    bucket, prefix = args["bucket"], args["prefix"]
    for (other_bucket, other_prefix), other in taken.items():
        overlaps = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
        if other != name and other_bucket == bucket and overlaps:
            yield _overlap(f"s3://{bucket}/{prefix}", f"s3://{bucket}/{other_prefix}", other)
            return
    taken[bucket, prefix] = name


def _overlap(place: str, other_place: str, other: str) -> Problem:
    if place == other_place:
        where, harm = "there too", "the marker of one would end the other"
    else:
        where = f"{'within it' if other_place.startswith(place) else 'around it'}, to {other_place}"
        harm = "uploads and markers of one would count for the other"
    fix = f"run {other!r} writes {where}, and {harm}: give each its own prefix"
    return Problem("prefix", found=place, accepted="a place of the run's own", fix=fix)


def require_own_place(name: str, checked: CheckedArgs) -> None:
    """Let nothing be launched that writes to another run's place, or around or within it: at once where both are plain.

    Raises:
        InvalidArgs: when the place is another run's.
    """
    program = PROGRAM.get() or get_monitor()
    if program is None:
        return
    taken: Takers = _TAKEN.setdefault(program, {})

    def check(args: Mapping[str, Any], known: Takers) -> None:
        problems = list(place_taken(known, name, args))
        if problems:
            raise InvalidArgs(f"TrainingRun {name!r}", problems)

    checked.require(FIELDS, taken, check)
