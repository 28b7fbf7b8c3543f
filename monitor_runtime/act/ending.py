"""The ladder of an ending: ask, ask again, and go one rung up where asking again cannot help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import CALL_SECONDS, Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.values import ON, Instance, InstanceState, StateChange
from monitor_runtime.contract.outcomes import Action

Value = TypeVar("Value")

ATTEMPTS = 4
RETRY_SECONDS = 2 + 4 + 8
"""How long the waits between the attempts last together."""
ENDING_SECONDS = 2 * (RETRY_SECONDS + ATTEMPTS * CALL_SECONDS) + 60
"""Kept free of looking, waiting and signalling: two ladders of the slowest calls, and a minute to record what came of
them."""
ATTEMPT_SECONDS = CALL_SECONDS + 5
"""What an attempt needs of the invocation, with a margin for the reply and the log."""
RemainingSeconds = Callable[[], float]
"""How long the invocation may still take."""


class EndingFailedError(Exception):
    """The instance could not be ended; the alarm and the next trigger take over."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What EC2 was asked to do. Only the check whose call changed the instance records and notifies the ending."""

    action: Action
    change: StateChange
    by_us: bool
    climbed: str | None = None
    """Why it is not the action that was asked for."""
    in_doubt: bool = False
    """Whether a retry found it under way: by the call before, or by another check."""


def with_retries(clock: Clock, call: Callable[[], Value], remaining_seconds: RemainingSeconds) -> Value:
    """Call, with three retries after 2, 4 and 8 seconds, or when AWS says, where the error is one that can pass.

    An attempt that would come too late for the invocation is left to the next trigger.

    Raises:
        CloudError: of the last attempt, or because there is no time for a first one.
    """
    # Most checks change nothing, and a cold start has no time for what it does not use.
    from tenacity import RetryCallState, Retrying, retry_if_exception  # noqa: PLC0415

    def pause_seconds(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_for = error.retry_after_seconds if isinstance(error, CloudError) else None
        return max(2.0**state.attempt_number, asked_for or 0.0)

    if (left := remaining_seconds()) < ATTEMPT_SECONDS:
        message = f"not called: {left:.0f} s are left of this invocation"
        raise CloudError("monitor:call", "OutOfTime", message, ErrorKind.TRANSIENT)
    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, CloudError) and error.kind is ErrorKind.TRANSIENT),
        stop=lambda state: (
            state.attempt_number >= ATTEMPTS or remaining_seconds() - pause_seconds(state) < ATTEMPT_SECONDS
        ),
        wait=pause_seconds,
        sleep=clock.sleep,
        reraise=True,
    )
    return retrying(call)


def end_instance(
    cloud: Cloud,
    clock: Clock,
    instance: Instance,
    action: Action,
    remaining_seconds: RemainingSeconds,
    *,
    climbs: bool = True,
) -> Ended:
    """Stop or terminate. ``climbs``: whether what cannot be stopped is terminated.

    Raises:
        CloudError: when EC2 still refuses or fails after the retries.
    """
    if action is Action.TERMINATE:
        return _terminate(cloud, clock, instance, remaining_seconds)
    try:
        return _ended(Action.STOP, clock, lambda: cloud.stop_instance(instance.instance_id), remaining_seconds)
    except CloudError as error:
        if error.kind is not ErrorKind.UNSUPPORTED or not climbs:
            raise
        return _terminate(cloud, clock, instance, remaining_seconds, climbed=str(error))


def _terminate(
    cloud: Cloud, clock: Clock, instance: Instance, remaining_seconds: RemainingSeconds, climbed: str | None = None
) -> Ended:
    """A spot request is cancelled first: a persistent one would launch another instance, which is not watched."""
    request_id = instance.spot_request_id
    if request_id:
        cancel_request(cloud, clock, request_id, remaining_seconds)

    def call() -> StateChange:
        return cloud.terminate_instance(instance.instance_id)

    return _ended(Action.TERMINATE, clock, call, remaining_seconds, climbed)


def cancel_request(cloud: Cloud, clock: Clock, request_id: str, remaining_seconds: RemainingSeconds) -> None:
    """Cancel a spot request, if EC2 still knows it.

    Raises:
        CloudError: when EC2 still refuses or fails after the retries.
    """
    try:
        with_retries(clock, lambda: cloud.cancel_spot_request(request_id), remaining_seconds)
    except CloudError as error:
        # EC2 forgets requests that are over.
        if error.kind is not ErrorKind.NOT_FOUND:
            raise


def _ended(
    action: Action,
    clock: Clock,
    call: Callable[[], StateChange],
    remaining_seconds: RemainingSeconds,
    climbed: str | None = None,
) -> Ended:
    """A call that failed on the way back may have worked: what a retry finds ending counts as ended by us."""
    attempts = 0

    def counted() -> StateChange:
        nonlocal attempts
        attempts += 1
        return call()

    try:
        change = with_retries(clock, counted, remaining_seconds)
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        change = StateChange(InstanceState.GONE, InstanceState.GONE)
    ours = ON | {InstanceState.STOPPED} if action is Action.TERMINATE else ON
    in_doubt = attempts > 1 and change.previous in {InstanceState.STOPPING, InstanceState.SHUTTING_DOWN}
    return Ended(action, change, in_doubt or change.previous in ours, climbed, in_doubt)
