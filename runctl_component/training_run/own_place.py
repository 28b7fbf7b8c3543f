"""Each run writes to a place of its own: the marker of one must never end another."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.errors import InvalidArgs

FIELDS = ("bucket", "prefix")
Takers = MutableMapping[tuple[str, str], str]

_TAKEN: WeakKeyDictionary[object, Takers] = WeakKeyDictionary()
"""By the engine that a program talks to, so that each program begins with nothing taken."""


def place_taken(taken: Takers, name: str, args: Mapping[str, Any]) -> Iterator[Problem]:
    """Take the place of a run, or say who has it."""
    place = (args["bucket"], args["prefix"])
    other = taken.setdefault(place, name)
    if other != name:
        yield Problem(
            "prefix",
            found=f"s3://{place[0]}/{place[1]}",
            accepted="a place of the run's own",
            fix=f"run {other!r} writes there too, and the marker of one would end the other: give each its own prefix",
        )


def require_own_place(name: str, checked: CheckedArgs) -> None:
    """Let nothing be launched that writes where another run of the program does: at once where both are plain.

    Raises:
        InvalidArgs: when the place is another run's.
    """
    engine: object = get_monitor()
    if engine is None:
        return
    taken: Takers = _TAKEN.setdefault(engine, {})

    def check(args: Mapping[str, Any], known: Takers) -> None:
        problems = list(place_taken(known, name, args))
        if problems:
            raise InvalidArgs(f"TrainingRun {name!r}", problems)

    checked.require(FIELDS, taken, check)
