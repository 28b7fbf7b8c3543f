"""What a run asks of the shared monitor that it is given."""

from collections.abc import Mapping
from typing import Any

from monitor_runtime.rules import Problem
from runctl_component.checked_args import CheckedArgs
from runctl_component.errors import InvalidArgs, NotWatchedError
from runctl_component.monitor import Monitor
from runctl_component.monitor_rules import HEARTBEATS_OF_SILENCE, Watched


def require_fitting_monitor(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    """Let nothing be read from the args before they fit the monitor: at once for plain values.

    Raises:
        InvalidArgs: when the run sets what is the monitor's, or is checked too seldom for its alarm.
        NotWatchedError: when the monitor does not listen to the run's markers or watch its bucket and prefix.
    """
    _refuse_topic(name, checked.given)
    _require_listening(name, checked.given, monitor)
    _require_watched(name, checked, monitor)
    _require_checks_within_silence(name, checked, monitor)


def _refuse_topic(name: str, given: Mapping[str, Any]) -> None:
    if "notify_topic_arn" in given:
        fix = "set it on the monitor, which tells about all of its runs"
        problem = Problem("notify_topic_arn", given["notify_topic_arn"], "only with a monitor of the run's own", fix)
        raise InvalidArgs(f"TrainingRun {name!r}", [problem])


def _require_listening(name: str, given: Mapping[str, Any], monitor: Monitor) -> None:
    """A run that counts on events needs a monitor that gets them."""
    if not given.get("s3_events"):
        return
    if not monitor.s3_events:
        raise NotWatchedError(
            f"TrainingRun {name!r}: s3_events: got True; accepted: False, since monitor {monitor.name!r} has no"
            " s3_events; set s3_events on the monitor too"
        )
    own = [*given.get("markers", ()), *given.get("failure_markers", ())]
    unheard = [marker for marker in own if isinstance(marker, str) and marker not in monitor.markers]
    if unheard:
        raise NotWatchedError(
            f"TrainingRun {name!r}: markers: got {unheard}; accepted with s3_events: {', '.join(monitor.markers)};"
            f" add them to the markers of monitor {monitor.name!r}"
        )


def _require_watched(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    def check(args: Mapping[str, Any], watched: list[Watched]) -> None:
        bucket, prefix = args["bucket"], args["prefix"]
        if not any(entry.covers(bucket, prefix) for entry in watched):
            places = ", ".join(f"s3://{entry.bucket}/{entry.prefix}" for entry in watched)
            raise NotWatchedError(
                f"TrainingRun {name!r}: bucket and prefix: got s3://{bucket}/{prefix}; accepted: at or below {places};"
                f" add the place to watch of monitor {monitor.name!r}, or give the run a monitor of its own"
            )

    checked.require(monitor.watched, check)


def _require_checks_within_silence(name: str, checked: CheckedArgs, monitor: Monitor) -> None:
    """An alarm for silence that goes off between two heartbeats is one that nobody reads any more."""

    def check(args: Mapping[str, Any], minutes: float) -> None:
        interval = args["max_interval_seconds"]
        longest = int(minutes) * 60 // HEARTBEATS_OF_SILENCE
        if interval > longest:
            needed = -(-int(interval) * HEARTBEATS_OF_SILENCE // 60)
            problem = Problem(
                "max_interval_seconds",
                interval,
                f"at most {longest} s, a third of the {int(minutes)} silence_minutes of monitor {monitor.name!r}",
                f"lower it, or set silence_minutes of the monitor to {needed} or more",
            )
            raise InvalidArgs(f"TrainingRun {name!r}", [problem])

    checked.require(monitor.silence_minutes, check)
