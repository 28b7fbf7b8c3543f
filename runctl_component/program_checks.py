"""What is wrong in a stack's config: of every run, of their monitor, and between them, each with its config path."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor_runtime.contract.rules import Problem
from runctl_component.defaults import complete, normal_prefix
from runctl_component.errors import InvalidArgs
from runctl_component.monitor_rules import HEARTBEATS_OF_SILENCE, Watched, check_monitor
from runctl_component.outputs import without_none
from runctl_component.places import Takers, place_taken
from runctl_component.shared_watch import derived_watch, watch_problems
from runctl_component.sharing import deaf_problems, place_problems, unheard_problems
from runctl_component.validation import check_early

Runs = Mapping[str, Mapping[str, Any]]


def check_runs(path: str, runs: Mapping[str, Any], monitor_tag: Callable[[str], str]) -> Iterator[Problem]:
    """Every run for itself; ``monitor_tag`` tells the tag of a run's monitor by the run's name."""
    for name, args in runs.items():
        yield from problems_at(
            f"{path}:runs.{name}",
            lambda name=name, args=args: check_early(name, args, monitor=monitor_tag(name)),
        )


def check_places(path: str, runs: Runs) -> Iterator[Problem]:
    """Sound runs that would write to the same place."""
    taken: Takers = {}
    for name, args in runs.items():
        yield from _at(f"{path}:runs.{name}", place_taken(taken, name, complete(name, without_none(args))))


def shared_monitor_args(name: str, tag: str, runs: Runs, declared: Mapping[str, Any]) -> dict[str, Any]:
    """The args of the monitor of all runs: what is not declared follows from the runs."""
    completed = [complete(run, without_none(args)) for run, args in runs.items()]
    listened = [run for run in completed if run["s3_events"]]
    derived: dict[str, Any] = {"s3_events": bool(listened), "silence_minutes": _silence_minutes(runs)}
    if listened:
        derived["markers"] = sorted({each for run in listened for each in (*run["markers"], *run["failure_markers"])})
    others = {**derived, **without_none(declared)}
    if "watch" in others:
        return others
    return {**others, "watch": derived_watch(name, tag, completed, others)}


def _silence_minutes(runs: Runs) -> int:
    completed = [complete(run, without_none(args)) for run, args in runs.items()]
    return max(int(run["max_interval_seconds"]) for run in completed) * HEARTBEATS_OF_SILENCE // 60


def check_declared_monitor(path: str, name: str, declared: Mapping[str, Any]) -> Iterator[Problem]:
    """What the config itself says of the monitor."""
    given = {"watch": [{"bucket": "derived-from-runs"}], **without_none(declared)}
    yield from problems_at(f"{path}:monitor", lambda: check_monitor(name, given))


def check_sharing(path: str, name: str, tag: str, runs: Runs, declared: Mapping[str, Any]) -> Iterator[Problem]:
    """What sound runs must leave to their shared monitor, what it must leave to them, and whether it fits AWS."""
    args = shared_monitor_args(name, tag, runs, declared)
    watched = [
        Watched(entry["bucket"], normal_prefix(entry.get("prefix") or ""), entry.get("kms_key_arn"))
        for entry in args["watch"]
    ]
    for run, given in runs.items():
        at = f"{path}:runs.{run}"
        completed = complete(run, without_none(given))
        yield from _at(at, _topic_problems(path, given))
        yield from _at(at, place_problems(completed, name, watched))
        if completed["s3_events"]:
            yield from _at(at, deaf_problems(name, s3_events=args["s3_events"]))
            yield from _at(at, unheard_problems(completed, name, args.get("markers", ())) if args["s3_events"] else ())
    yield from _at(f"{path}:monitor", _monitor_problems(name, tag, runs, args))


def _topic_problems(path: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    if given.get("notify_topic_arn") is not None:
        yield Problem(
            "notify_topic_arn",
            given["notify_topic_arn"],
            "only for a single run, without a monitor in the config",
            f"set {path}:monitor.notify_topic_arn, which tells about all runs",
        )


def _monitor_problems(name: str, tag: str, runs: Runs, args: Mapping[str, Any]) -> Iterator[Problem]:
    needed = _silence_minutes(runs)
    if args["silence_minutes"] < needed:
        yield Problem(
            "silence_minutes",
            args["silence_minutes"],
            f"at least {needed} minutes, three times the longest max_interval_seconds of the runs",
            "raise it, leave it out, or lower max_interval_seconds",
        )
    try:
        check_monitor(name, args)
    except InvalidArgs as error:
        yield from (problem for problem in error.problems if problem.field != "watch")
    for problem in watch_problems(name, tag, args):
        fix = f"{problem.fix}; give the runs of a bucket a common folder (prefix: team/NAME), or declare monitor.watch"
        yield Problem(problem.field, problem.got, problem.accepted, fix)


def problems_at(path: str, check: Callable[[], object]) -> Iterator[Problem]:
    """The problems that a check raises, with the path of what was checked."""
    try:
        check()
    except InvalidArgs as error:
        yield from _at(path, error.problems)


def _at(path: str, problems: "Iterator[Problem] | tuple[Problem, ...]") -> Iterator[Problem]:
    for problem in problems:
        yield Problem(f"{path}.{problem.field}", problem.got, problem.accepted, problem.fix)
