"""Invariants about what a service that fails is asked for: no more than one that works."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.contract.settings import Settings
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.rights import Right
from sandbox.simulation.world.timeline import MINUTE, SECOND

UNKNOWN = ("EC2 unknown", "S3 unknown", "verification unknown")
"""How the reason of a check begins that did not get the answer it needed."""
AT_ONCE = 10 * SECOND
"""What the calls of a look take."""


def what_is_unknown_is_left_to_the_heartbeat(truth: Truth) -> Iterator[Found]:
    """A check that could not see schedules no other one, unless a check of the backoff or the deadline is near."""
    for check in truth.record.checks:
        reason = str((check.reply or {}).get("reason", ""))
        if check.trigger not in CARRIED or check.ended_at is None or truth.has_two_instances:
            continue
        unknown = reason.startswith(UNKNOWN) or "cannot be read yet" in reason
        expected = _is_due(truth, check, reason) or carries(truth, check)
        if unknown and check.kinds["put_follow_up"] and not expected:
            yield Found(check.ended_at, f"check {check.number} scheduled another one: {reason}")


def carries(truth: Truth, check: Check) -> bool:
    """What could not be written into tags is carried by a follow-up, an hour ahead."""
    end = check.ended_at or check.started_at
    failed = any(kind == "tag_instance" and at <= end for at, kind in truth.record.injected)
    return failed or truth.record.lacks(Right.TAG, end)


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


LOAD = (what_is_unknown_is_left_to_the_heartbeat, an_event_waits_for_nothing)
