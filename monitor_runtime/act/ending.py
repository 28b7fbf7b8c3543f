"""The ladder of an ending: ask, ask again, and go one rung up where asking again cannot help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.values import ON, Instance, InstanceState, StateChange
from monitor_runtime.contract.outcomes import Action

Value = TypeVar("Value")

RETRIES = 3
RETRY_SECONDS = 2 + 4 + 8
"""How long the waits between the attempts last together."""
ENDING_SECONDS = 2 * RETRY_SECONDS + 12 * 13
"""Kept free of looking, waiting and signalling: two ladders of retries, and a dozen calls as slow as they may be."""


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


def persist(clock: Clock, call: Callable[[], Value]) -> Value:
    """Call, with three retries after 2, 4 and 8 seconds where the error is one that can pass."""
    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, CloudError) and error.kind is ErrorKind.TRANSIENT),
        stop=stop_after_attempt(1 + RETRIES),
        wait=wait_exponential(multiplier=2, exp_base=2),
        sleep=clock.sleep,
        reraise=True,
    )
    return retrying(call)


def end_instance(cloud: Cloud, clock: Clock, instance: Instance, action: Action, *, climbs: bool = True) -> Ended:
    """Stop or terminate. ``climbs``: whether what cannot be stopped is terminated.

    Raises:
        CloudError: when EC2 still refuses or fails after the retries.
    """
    if action is Action.TERMINATE:
        return _terminate(cloud, clock, instance)
    try:
        return _ended(Action.STOP, clock, lambda: cloud.stop_instance(instance.instance_id))
    except CloudError as error:
        if error.kind is not ErrorKind.UNSUPPORTED or not climbs:
            raise
        return _terminate(cloud, clock, instance, climbed=str(error))


def _terminate(cloud: Cloud, clock: Clock, instance: Instance, climbed: str | None = None) -> Ended:
    """A spot request is cancelled first: a persistent one would launch another instance, which is not watched."""
    request_id = instance.spot_request_id
    if request_id:
        _cancel(cloud, clock, request_id)
    return _ended(Action.TERMINATE, clock, lambda: cloud.terminate_instance(instance.instance_id), climbed)


def _cancel(cloud: Cloud, clock: Clock, request_id: str) -> None:
    try:
        persist(clock, lambda: cloud.cancel_spot_request(request_id))
    except CloudError as error:
        # EC2 forgets requests that are over.
        if error.kind is not ErrorKind.NOT_FOUND:
            raise


def _ended(action: Action, clock: Clock, call: Callable[[], StateChange], climbed: str | None = None) -> Ended:
    """A call that failed on the way back may have worked: what a retry finds ending counts as ended by us."""
    attempts = 0

    def counted() -> StateChange:
        nonlocal attempts
        attempts += 1
        return call()

    try:
        change = persist(clock, counted)
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        change = StateChange(InstanceState.GONE, InstanceState.GONE)
    ours = ON | {InstanceState.STOPPED} if action is Action.TERMINATE else ON
    if attempts > 1:
        ours |= {InstanceState.STOPPING, InstanceState.SHUTTING_DOWN}
    return Ended(action, change, change.previous in ours, climbed)
