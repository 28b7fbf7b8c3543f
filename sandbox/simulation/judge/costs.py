"""Invariants about calls: no more of them than the intervals of a run, and what follows a completion, explain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.settings import Settings
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED, is_silent
from sandbox.simulation.judge.load import carries
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

MOVES = 12
"""For a refused ending, a change of the outlook, follow-ups of before it."""
LISTINGS = 60
"""Calls to S3 that one look may cost with the patterns that scenarios draw: every folder truncated, and the markers
looked for once more where outputs cannot be seen. Each look begins with one DescribeInstances."""


def calls_are_bounded(truth: Truth) -> Iterator[Found]:
    """In no hour does the watch of a run cost more calls than its intervals, and what follows a completion, explain."""
    hours = Counter(check.started_at // HOUR for check in truth.record.checks if check.trigger in CARRIED)
    for hour, count in hours.items():
        bound = _most_checks(truth, hour * HOUR)
        if count > bound:
            yield Found(hour * HOUR, f"{count} checks in an hour, at most {bound} were expected")
    for check in truth.record.checks:
        if check.trigger not in CARRIED:
            continue
        listings, looks = check.kinds["list_folder"], max(1, check.kinds["find_instances"])
        instances = 1 if truth.record.replaced_at is None else 2
        if listings > LISTINGS * looks * instances:
            yield Found(check.started_at, f"check {check.number} made {listings} listings")


def _most_checks(truth: Truth, hour: int) -> int:
    """Heartbeats, and the follow-ups of the backoff; two a minute while a run is ended or held."""
    settings, end = truth.settings, hour + HOUR
    launches = [launch for launch in truth.record.launches if launch.at <= end]
    heartbeats = HOUR // (settings.max_interval_seconds * SECOND) + 1
    most = heartbeats + sum(_follow_ups(settings, launch, hour) for launch in launches) + MOVES
    if settings.stalled:
        # Each time at which the run would have stalled is looked at: two of them lie further apart than its minutes.
        most += len(launches) * (2 * (60 // settings.stalled.minutes) + 2)
    finished = any(truth.finish(launch, end) for launch in launches)
    if finished or any(hold.at <= end for hold in truth.record.holds):
        most += 2 * HOUR // MINUTE
    return most if truth.record.scenario.weather is Weather.CALM else 3 * most


def _follow_ups(settings: Settings, launch: Launch, hour: int) -> int:
    """One for each due time of the backoff in that hour, as long as its interval is shorter than the heartbeat's.

    A backoff that does not grow never gives way to the heartbeat: it comes on top of it.
    """
    interval, heartbeat = settings.initial_interval_seconds * SECOND, settings.max_interval_seconds * SECOND
    if interval >= heartbeat or (launch.left_running_at is not None and launch.left_running_at < hour):
        return 0
    if settings.backoff_multiplier == 1:
        return HOUR // interval + 1
    due, count = launch.stamp, 0
    while interval < heartbeat:
        due, interval = due + interval, int(interval * settings.backoff_multiplier)
        count += hour <= due <= hour + HOUR
    return count


def an_ended_run_costs_one_call(truth: Truth) -> Iterator[Found]:
    """A check of a run that is over, recorded and told is one DescribeInstances; a follow-up has read its settings.

    One of which EC2 tells nothing any more may have lost its tags: up to two calls more look for it.
    """
    for check in truth.record.checks:
        alone = truth.record.replaced_at is None or check.started_at < truth.record.replaced_at
        over = alone and check.completed and check.trigger in CARRIED and check.decision == "over"
        ended = check.state_at_start in {InstanceState.STOPPED, InstanceState.TERMINATED}
        reads = {"schedule_input": 1} if check.trigger == "follow-up" else {}
        retries = check.kinds["tag_instance"] and carries(truth, check)
        waits = is_silent(truth, truth.record.launches[check.launch], check.started_at)
        forgotten = (check.reply or {}).get("instance") is None
        most = Counter({"find_instances": 1, **reads, **({"list_schedules": 1, "find_by": 1} if forgotten else {})})
        if over and ended and not retries and not waits and not check.kinds <= most:
            yield Found(check.started_at, f"check {check.number} of an ended run made {dict(check.kinds)}")


COSTS = (calls_are_bounded, an_ended_run_costs_one_call)
