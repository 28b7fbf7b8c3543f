"""Each run writes to a place of its own: what one uploads must never count for another."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs, Requirement
from runctl_component.args.unknown_values import has_output

FIELDS = ("bucket", "prefix")


class Taker(NamedTuple):
    """The run that has a place, and whether that is a secret."""

    name: str
    is_secret: bool


Takers = MutableMapping[tuple[str, str], Taker]

PROGRAM: ContextVar[object] = ContextVar("program", default=None)
"""Stands for the program where its runs come one by one, each as if it had an engine of its own: in the plugin."""

_TAKEN: WeakKeyDictionary[object, Takers] = WeakKeyDictionary()
"""By the program, or the engine that it talks to, so that each program begins with nothing taken."""


def place_taken(taken: Takers, name: str, args: Mapping[str, Any], *, is_secret: bool = False) -> Iterator[Problem]:
    """Take the place of a run, or say which run has it, or a place around or within it."""
    bucket, prefix = args["bucket"], args["prefix"]
    for (other_bucket, other_prefix), other in taken.items():
        overlaps = prefix.startswith(other_prefix) or other_prefix.startswith(prefix)
        if other.name != name and other_bucket == bucket and overlaps:
            yield _overlap(f"s3://{bucket}/{prefix}", f"s3://{bucket}/{other_prefix}", other, is_secret=is_secret)
            return
    taken[bucket, prefix] = Taker(name, is_secret)


def _overlap(place: str, other_place: str, other: Taker, *, is_secret: bool) -> Problem:
    if place == other_place:
        where, harm = "there too", "the marker of one would end the other"
    else:
        whereabouts = "within it" if other_place.startswith(place) else "around it"
        where = whereabouts if is_secret or other.is_secret else f"{whereabouts}, to {other_place}"
        harm = "uploads and markers of one would count for the other"
    fix = f"run {other.name!r} writes {where}, and {harm}: give each its own prefix"
    problem = Problem("prefix", found=place, accepted="a place of the run's own", fix=fix)
    return problem.without_value() if is_secret else problem


def require_own_place(name: str, checked: CheckedArgs) -> None:
    """Let nothing be launched that writes to another run's place, or around or within it: at once where both are plain.

    Raises:
        InvalidArgs: when the place is another run's.
    """
    program = PROGRAM.get() or get_monitor()
    if program is None:
        return
    taken: Takers = _TAKEN.setdefault(program, {})

    def check(args: Mapping[str, Any], secret: Sequence[str]) -> Iterator[Problem]:
        return place_taken(taken, name, args, is_secret=bool(secret))

    is_plain = not any(has_output(checked.given.get(field)) for field in FIELDS)
    checked.require(Requirement(FIELDS, () if is_plain else checked.secret_fields(*FIELDS), check))
