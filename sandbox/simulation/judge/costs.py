"""Invariants about calls: what explains how many there are, and that a service that fails gets no more of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.settings import Settings
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED, MAX_REFUSALS
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.tampering import OF_TAGS, Right
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

MOVES = 12
"""For a refused ending, a change of the outlook, follow-ups of before it."""
ENDED_OR_HELD = 2 * HOUR // MINUTE
"""While a run is ended or held, two checks a minute."""
LISTINGS = 60
"""Calls to S3 that one look may cost with the patterns that scenarios draw: every folder truncated, and the markers
looked for once more where outputs cannot be seen. Each look begins with one DescribeInstances."""


def calls_are_bounded(truth: Truth) -> Iterator[Found]:
    """In no hour does the watch of a run cost more calls than its intervals, and what follows a completion, explain."""
    hours = defaultdict[int, list[int]](list)
    for check in truth.record.checks:
        if check.trigger in CARRIED:
            hours[check.started_at // HOUR * HOUR].append(check.started_at)
    disturbed = 1 if truth.record.scenario.weather is Weather.CALM else 3
    for hour, starts in hours.items():
        bound = disturbed * _most_checks(truth, hour)
        if len(starts) > bound and _has_an_end_in_sight(truth, [*starts, hour + HOUR]):
            bound += disturbed * ENDED_OR_HELD
        if len(starts) > bound:
            yield Found(hour, f"{len(starts)} checks in an hour, at most {bound} were expected")
    for check in truth.record.checks:
        if check.trigger not in CARRIED:
            continue
        listings, looks = check.kinds["list_folder"], max(1, check.kinds["find_instances"])
        instances = 1 if truth.record.replaced_at is None else 2
        if listings > LISTINGS * looks * instances:
            yield Found(check.started_at, f"check {check.number} made {listings} listings")


def _most_checks(truth: Truth, hour: int) -> int:
    """Heartbeats, and the follow-ups of the backoff, in an undisturbed hour in which no end is in sight."""
    settings, end = truth.settings, hour + HOUR
    launches = [launch for launch in truth.record.launches if launch.at <= end]
    heartbeats = HOUR // (settings.max_interval_seconds * SECOND) + 1
    most = heartbeats + sum(_follow_ups(settings, launch, hour) for launch in launches) + MOVES
    if settings.stalled:
        # Each time at which the run would have stalled is looked at: two of them lie further apart than its minutes.
        most += len(launches) * (2 * (60 // settings.stalled.minutes) + 2)
    if any(truth.refusals(launch, end) for launch in launches):
        # As long as a training is asked to finish, each heartbeat tries to end it, and Lambda each of these once more.
        # What these were refused is known to those alone that begin after it.
        most += MAX_REFUSALS * (settings.shutdown_timeout_seconds // settings.max_interval_seconds + 1)
    return most


def _has_an_end_in_sight(truth: Truth, moments: Sequence[int]) -> bool:
    """Whether a run was complete at one of these moments, even if somebody removed its marker later, or was held."""
    launches, end = truth.record.launches, max(moments)
    if any(hold.at <= end for hold in truth.record.holds):
        return True
    return any(truth.finish(launch, moment) for moment in moments for launch in launches if launch.at <= moment)


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

    One of which EC2 tells nothing any more may have lost its tags: up to three calls more look for it.
    """
    for check in truth.record.checks:
        alone = truth.record.replaced_at is None or check.started_at < truth.record.replaced_at
        over = alone and check.completed and check.trigger in CARRIED and check.decision == "over"
        ended = check.state_at_start in {InstanceState.STOPPED, InstanceState.TERMINATED}
        reads = {"schedule_input": 1} if check.trigger == "follow-up" else {}
        retries = check.kinds["tag_instance"] and _carries(truth, check)
        waits = truth.waits_for_s3(truth.record.launches[check.launch], check.started_at)
        forgotten = (check.reply or {}).get("instance") is None
        most = Counter({"find_instances": 1, **reads, **({"list_schedules": 1, "find_by": 2} if forgotten else {})})
        if over and ended and not retries and not waits and not check.kinds <= most:
            yield Found(check.started_at, f"check {check.number} of an ended run made {dict(check.kinds)}")


UNKNOWN = ("EC2 unknown", "S3 unknown", "verification unknown")
"""How the reason of a check begins that did not get the answer it needed."""
AT_ONCE = 10 * SECOND
"""What the calls of a look take."""


def what_is_unknown_is_left_to_the_heartbeat(truth: Truth) -> Iterator[Found]:
    """A check that could not see schedules no other one, unless a check of the backoff or the deadline is near."""
    for check in truth.record.checks:
        reason = str((check.reply or {}).get("reason", ""))
        if check.trigger not in CARRIED or check.ended_at is None:
            continue
        unknown = reason.startswith(UNKNOWN) or "cannot be read yet" in reason
        expected = _is_due(truth, check, reason) or _carries(truth, check)
        if unknown and check.kinds["put_follow_up"] and not expected:
            yield Found(check.ended_at, f"check {check.number} scheduled another one: {reason}")


def _carries(truth: Truth, check: Check) -> bool:
    """What could not be written into tags is carried by a follow-up, which comes later.

    An instance that has lost the monitor's tag is one whose tags it may not write.
    """
    end = check.ended_at or check.started_at
    failed = any(kind == "tag_instance" and at <= end for at, kind in truth.record.injected)
    return failed or truth.is_tampered_with(OF_TAGS, end) or truth.record.lacks(Right.TAG, end)


def _is_due(truth: Truth, check: Check, reason: str) -> bool:
    if reason.startswith(UNKNOWN[0]) or check.ended_at is None:
        return False
    settings, launch = truth.settings, truth.record.launches[check.launch]
    near = check.ended_at + settings.max_interval_seconds * SECOND + 2 * MINUTE
    deadline = truth.deadline(launch)
    return check.started_at <= launch.at + _grown_after(settings) or (deadline is not None and deadline <= near)


def _grown_after(settings: Settings) -> float:
    """Milliseconds from the launch until the backoff gives way to the heartbeat; endless where it does not grow."""
    interval, longest = float(settings.initial_interval_seconds), settings.max_interval_seconds
    if settings.backoff_multiplier == 1 and interval < longest:
        return float("inf")
    due = 0.0
    while interval < longest:
        due, interval = due + interval, interval * settings.backoff_multiplier
    return due * SECOND + MINUTE


def an_event_waits_for_nothing(truth: Truth) -> Iterator[Found]:
    """What is due later is left to a follow-up: many events may come at once."""
    for check in truth.record.checks:
        waits = check.completed and check.trigger == "s3-event" and check.decision == "wait"
        took = (check.ended_at or check.started_at) - check.started_at
        if waits and took > AT_ONCE:
            yield Found(check.started_at, f"check {check.number} took {took / SECOND:.0f} s")


COSTS = (
    calls_are_bounded,
    an_ended_run_costs_one_call,
    what_is_unknown_is_left_to_the_heartbeat,
    an_event_waits_for_nothing,
)
