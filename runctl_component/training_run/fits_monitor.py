"""What a run asks of the shared monitor that it is given."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.defaults import HEARTBEATS_OF_SILENCE
from runctl_component.args.watched import Watched
from runctl_component.errors import InvalidArgs, NotWatchedError
from runctl_component.monitor.monitor import Monitor

MARKERS = ("markers", "failure_markers")


def require_monitor(name: str, monitor: object) -> None:
    """Refuse what is given in place of a monitor.

    Raises:
        InvalidArgs: unless it is a `Monitor`, or None.
    """
    if monitor is not None and not isinstance(monitor, Monitor):
        accepted = "a runctl_component.Monitor"
        problem = Problem("monitor", got=monitor, accepted=accepted, fix="create one and pass it, or leave monitor out")
        raise InvalidArgs(f"TrainingRun {name!r}", [problem])


def require_fitting_monitor(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    """Let nothing be launched from args that do not fit the monitor: found at once for plain values.

    Raises:
        InvalidArgs: when the run sets what is the monitor's, or is checked too seldom for its alarm.
        NotWatchedError: when the monitor does not listen to the run's markers or watch its bucket and prefix.
    """
    _refuse_topic(name, checked.given)
    if checked.given.get("s3_events"):
        _require_listening(name, checked, monitor)
    _require_watched(name, checked, monitor)
    _require_checks_within_silence(name, checked, monitor)


def _refuse_topic(name: str, given: Mapping[str, Any]) -> None:
    if "notify_topic_arn" in given:
        fix = "set it on the monitor, which notifies for all of its runs"
        problem = Problem(
            "notify_topic_arn", got=given["notify_topic_arn"], accepted="only with a monitor of the run's own", fix=fix
        )
        raise InvalidArgs(f"TrainingRun {name!r}", [problem])


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
        )


def _refuse(name: str, problems: Iterator[Problem]) -> None:
    for problem in problems:
        raise NotWatchedError(f"TrainingRun {name!r}: {problem}")


def _require_listening(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    _refuse(name, events_off_problems(monitor.name, s3_events=monitor.s3_events))
    checked.require(
        MARKERS,
        monitor.markers,
        lambda args, listened: _refuse(name, unwatched_marker_problems(args, monitor.name, listened)),
    )


def _require_watched(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    def check(args: Mapping[str, Any], watched: list[Watched]) -> None:
        _refuse(name, place_problems(args, monitor.name, watched))

    checked.require(("bucket", "prefix"), monitor.watched, check)


def _require_checks_within_silence(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    """An alarm for silence that goes off between two heartbeats is soon ignored."""

    def check(args: Mapping[str, Any], minutes: float) -> None:
        interval = args["max_interval_seconds"]
        longest = int(minutes) * 60 // HEARTBEATS_OF_SILENCE
        if interval > longest:
            needed = -(-int(interval) * HEARTBEATS_OF_SILENCE // 60)
            problem = Problem(
                "max_interval_seconds",
                got=interval,
                accepted=f"at most {longest} s, a third of silence_minutes ({int(minutes)}) of {monitor.name!r}",
                fix=f"lower it, or set silence_minutes of the monitor to {needed} or more",
            )
            raise InvalidArgs(f"TrainingRun {name!r}", [problem])

    checked.require(("max_interval_seconds",), monitor.silence_minutes, check)
