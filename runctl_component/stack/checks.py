"""What is wrong in a stack's config: of every run, of their monitor, and between them, each with its config path."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from monitor_runtime.contract.rules import Problem
from runctl_component.args.check_monitor import check_monitor
from runctl_component.args.check_run import check_early
from runctl_component.args.defaults import complete
from runctl_component.args.monitor_handle import Watched
from runctl_component.args.unknown_values import without_none
from runctl_component.errors import InvalidArgs
from runctl_component.stack.shared_monitor import Runs, shared_monitor_args, silence_minutes_of, watch_problems
from runctl_component.training_run.fits_monitor import (
    OF_THE_MONITOR,
    events_off_problems,
    place_problems,
    unwatched_marker_problems,
)
from runctl_component.training_run.own_place import Takers, place_taken


def check_runs(path: str, runs: Mapping[str, Any], monitor_tag: str) -> Iterator[Problem]:
    """Every run for itself."""
    for name, args in runs.items():
        at = f"{path}:runs.{name}"
        if not isinstance(args, Mapping):
            fix = "write at least bucket and command below it"
            yield Problem(at, got=args, accepted="an object of args", fix=fix)
            continue
        given = cast("Mapping[str, Any]", args)
        yield from problems_at(at, lambda name=name, given=given: check_early(name, given, monitor=monitor_tag))


def check_places(path: str, runs: Runs) -> Iterator[Problem]:
    """Sound runs that would write to the same place."""
    taken: Takers = {}
    for name, args in runs.items():
        yield from _below(f"{path}:runs.{name}", place_taken(taken, name, complete(name, without_none(args))))


def check_declared_monitor(path: str, name: str, declared: Mapping[str, Any]) -> Iterator[Problem]:
    """What the config itself says of the monitor."""
    given = {"watch": [{"bucket": "derived-from-runs"}], **without_none(declared)}
    yield from problems_at(f"{path}:monitor", lambda: check_monitor(name, given))


def check_sharing(path: str, name: str, tag: str, runs: Runs, declared: Mapping[str, Any]) -> Iterator[Problem]:
    """What sound runs must leave to their shared monitor, what it must leave to them, and whether it fits AWS."""
    args = shared_monitor_args(name, tag, runs, declared)
    watched = [Watched.of(entry) for entry in args["watch"]]
    for run, given in runs.items():
        at = f"{path}:runs.{run}"
        completed = complete(run, without_none(given))
        yield from _below(at, _what_is_the_monitors(path, given))
        yield from _below(at, place_problems(completed, name, watched))
        if completed["s3_events"]:
            yield from _below(at, events_off_problems(name, s3_events=args["s3_events"]))
            yield from _below(
                at, unwatched_marker_problems(completed, name, args.get("markers", ())) if args["s3_events"] else ()
            )
    yield from _below(f"{path}:monitor", _monitor_problems(name, tag, runs, args))


def _what_is_the_monitors(path: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    if given.get("monitor") is not None:
        accepted = "nothing here, since the runs of a stack share one monitor"
        yield Problem("monitor", found="a handle", accepted=accepted, fix="remove it, or declare the run in a program")
    for field in OF_THE_MONITOR:
        if given.get(field) is not None:
            yield Problem(
                field,
                got=given[field],
                accepted="nothing here, since the runs of a stack share one monitor",
                fix=f"set {path}:monitor.{field}, for all of them",
            )


def _monitor_problems(name: str, tag: str, runs: Runs, args: Mapping[str, Any]) -> Iterator[Problem]:
    needed = silence_minutes_of(runs)
    if args["silence_minutes"] < needed:
        yield Problem(
            "silence_minutes",
            got=args["silence_minutes"],
            accepted=f"at least {needed} minutes, three times the longest max_interval_seconds of the runs",
            fix="raise it, leave it out, or lower max_interval_seconds",
        )
    try:
        check_monitor(name, args)
    except InvalidArgs as error:
        yield from (problem for problem in error.problems if problem.field != "watch")
    for problem in watch_problems(name, tag, args):
        fix = f"{problem.fix}; give the runs of a bucket a common folder (prefix: team/NAME), or declare monitor.watch"
        yield replace(problem, fix=fix)


def problems_at(path: str, check: Callable[[], object]) -> Iterator[Problem]:
    """The problems that a check raises, with the path of what was checked."""
    try:
        check()
    except InvalidArgs as error:
        yield from _below(path, error.problems)


def _below(path: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    return (problem.below(path) for problem in problems)
