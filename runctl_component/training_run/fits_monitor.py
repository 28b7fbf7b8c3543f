"""What a run asks of the shared monitor that it is given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs, Requirement
from runctl_component.args.defaults import HEARTBEATS_OF_SILENCE
from runctl_component.args.monitor_handle import Watched, read_handle
from runctl_component.args.problem_fields import field_of
from runctl_component.args.unknown_values import wrong_value
from runctl_component.errors import InvalidArgs, NotWatchedError, RunctlError
from runctl_component.monitor.monitor import Monitor

MARKERS = ("markers", "failure_markers")
OF_THE_MONITOR = ("notify_topic_arn", "notify_key_arn", "log_retention_days", "silence_minutes", "dashboard")
"""Args of a run that are about its monitor: for one of its own alone."""


@dataclass(frozen=True)
class Terms:
    """What a monitor offers its runs, as far as they must keep to it: plain, or known when Outputs resolve."""

    monitor: str | pulumi.Output[str]
    """What errors call it."""
    s3_events: bool | pulumi.Output[bool]
    markers: Sequence[str] | pulumi.Output[Sequence[str]]
    watched: Sequence[Watched] | pulumi.Output[Sequence[Watched]]
    silence_minutes: float | pulumi.Output[float]


def terms_of(monitor: Monitor | None, checked: CheckedArgs) -> Terms | None:
    """The terms of the monitor that a run is given, itself or by the handle in its args; None for one of its own."""
    if monitor:
        return Terms(
            monitor.name,
            monitor.s3_events,
            monitor.markers,
            cast("Sequence[Watched] | pulumi.Output[Sequence[Watched]]", monitor.watched),
            cast("float | pulumi.Output[float]", monitor.silence_minutes),
        )
    if "monitor" not in checked:
        return None
    facts = checked.read(("monitor",), lambda args: read_handle(args["monitor"]))
    if not isinstance(facts, pulumi.Output):
        return Terms(facts.monitor, facts.s3_events, facts.markers, facts.watch, facts.silence_minutes)
    return Terms(
        facts.apply(lambda known: known.monitor),
        facts.apply(lambda known: known.s3_events),
        facts.apply(lambda known: known.markers),
        facts.apply(lambda known: known.watch),
        facts.apply(lambda known: known.silence_minutes),
    )


def with_handle(name: str, args: Any, monitor: Monitor | pulumi.Input[str] | None) -> tuple[Monitor | None, Any]:
    """The monitor that was given beside the args, if it is one, and the args, with it if it is a handle.

    Raises:
        InvalidArgs: when there is one in the args too.
    """
    if monitor is None or not isinstance(args, Mapping):
        return (monitor if isinstance(monitor, Monitor) else None), args
    given = cast("Mapping[str, Any]", args)
    if given.get("monitor") is not None:
        found = "given twice, in the args and beside them"
        problem = Problem("monitor", found=found, accepted="one monitor", fix="remove one of the two")
        raise InvalidArgs(f"TrainingRun {name!r}", [problem])
    return (monitor, given) if isinstance(monitor, Monitor) else (None, {**given, "monitor": monitor})


def require_fitting_monitor(checked: CheckedArgs, terms: Terms) -> None:
    """Let nothing be launched from args that do not fit the monitor: found at once for plain values.

    Raises:
        InvalidArgs: when the run only sets what is the monitor's, or is checked too seldom for its alarm.
        NotWatchedError: when the monitor does not listen to the run's markers or watch its bucket and prefix.
    """
    requirements = [
        Requirement((), None, lambda _args, _none: _problems_of_the_monitors(checked.given)),
        Requirement(("bucket", "prefix"), _together(terms.monitor, terms.watched), _watch_problems),
        Requirement(("max_interval_seconds",), _together(terms.monitor, terms.silence_minutes), _silence_problems),
    ]
    if checked.given.get("s3_events"):
        listening = _together(terms.monitor, terms.s3_events)
        listened = _together(terms.monitor, terms.s3_events, terms.markers)
        requirements += [Requirement((), listening, _events_problems), Requirement(MARKERS, listened, _marker_problems)]
    checked.require(*requirements, refusal=_refusal)


def _refusal(subject: str, problems: Sequence[Problem]) -> RunctlError:
    watched = all(field_of(problem) in (*OF_THE_MONITOR, "max_interval_seconds") for problem in problems)
    return InvalidArgs(subject, problems) if watched else NotWatchedError(subject, problems)


def _problems_of_the_monitors(given: Mapping[str, Any]) -> Iterator[Problem]:
    fix = "set it on the monitor, for all of its runs"
    for field in OF_THE_MONITOR:
        if field in given:
            yield wrong_value(field, given[field], accepted="only with a monitor of the run's own", fix=fix)


def events_off_problems(monitor: str, *, s3_events: bool) -> Iterator[Problem]:
    """A run that counts on events needs a monitor that gets them."""
    if not s3_events:
        fix = "set s3_events on the monitor too"
        yield Problem("s3_events", got=True, accepted=f"False, since monitor {monitor!r} has no s3_events", fix=fix)


def unwatched_marker_problems(args: Mapping[str, Any], monitor: str, listened: Sequence[str]) -> Iterator[Problem]:
    """Markers of a run, its defaults too, for which its monitor does not listen."""
    for field in MARKERS:
        unwatched = [marker for marker in args[field] if marker not in listened]
        if unwatched:
            accepted = f"with s3_events: {', '.join(listened)}"
            yield Problem(
                field, got=unwatched, accepted=accepted, fix=f"add them to the markers of monitor {monitor!r}"
            )


def place_problems(args: Mapping[str, Any], monitor: str, watched: Sequence[Watched]) -> Iterator[Problem]:
    """Whether a monitor may look at the place to which a run writes."""
    bucket, prefix = args["bucket"], args["prefix"]
    if not any(entry.covers(bucket, prefix) for entry in watched):
        places = ", ".join(f"s3://{entry.bucket}/{entry.prefix}" for entry in watched)
        yield Problem(
            "bucket",
            found=f"s3://{bucket}/{prefix}",
            accepted=f"at or below {places}",
            fix=f"add the place to watch of monitor {monitor!r}, or give the run a monitor of its own",
            touches=("prefix",),
        )


def _together(*values: object) -> Any:
    """Several values as one: an Output if one of them is."""
    return pulumi.Output.all(*values) if any(isinstance(value, pulumi.Output) for value in values) else values


def _watch_problems(args: Mapping[str, Any], offered: tuple[str, Sequence[Watched]]) -> Iterator[Problem]:
    return place_problems(args, *offered)


def _events_problems(_: Mapping[str, Any], offered: tuple[str, bool]) -> Iterator[Problem]:
    monitor, s3_events = offered
    return events_off_problems(monitor, s3_events=s3_events)


def _marker_problems(args: Mapping[str, Any], offered: tuple[str, bool, Sequence[str]]) -> Iterator[Problem]:
    monitor, s3_events, listened = offered
    if s3_events:
        yield from unwatched_marker_problems(args, monitor, listened)


def _silence_problems(args: Mapping[str, Any], offered: tuple[str, float]) -> Iterator[Problem]:
    """An alarm for silence that goes off between two heartbeats is soon ignored."""
    monitor, minutes = offered
    longest = int(minutes) * 60 // HEARTBEATS_OF_SILENCE
    if args["max_interval_seconds"] > longest:
        yield Problem(
            "max_interval_seconds",
            got=args["max_interval_seconds"],
            accepted=f"at most {longest} s, a third of silence_minutes ({int(minutes)}) of {monitor!r}",
            fix="lower it, or set silence_minutes of the monitor to three times as long",
        )
