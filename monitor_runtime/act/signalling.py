"""Asking the training to finish: SIGTERM through SSM, acknowledged within a bound, never in the way of the ending."""

from __future__ import annotations

from datetime import timedelta

from tenacity import RetryError, Retrying, retry_if_result, wait_exponential

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError, CommandState
from monitor_runtime.contract.names import TRAINING_UNIT

MIN_COMMAND_SECONDS = 30
"""SSM SendCommand accepts no shorter TimeoutSeconds."""


def signal_training(cloud: Cloud, clock: Clock, instance_id: str, timeout_seconds: float) -> str:
    """Stop the training's unit and wait for it; returns a sentence about what came of it, and never raises CloudError.

    ``timeout_seconds``: how long to wait at most. Gives up on an instance without the agent, or one that is too slow.
    """
    if timeout_seconds <= 0:
        return "training not signalled: no time left"
    bound = max(MIN_COMMAND_SECONDS, int(timeout_seconds))
    try:
        command_id = cloud.stop_unit(instance_id, TRAINING_UNIT, bound)
    except CloudError as error:
        return f"training not signalled: {error}"
    try:
        state = _await_command(cloud, clock, command_id, instance_id, timeout_seconds)
    except CloudError as error:
        return f"training signalled, result unknown: {error}"
    except RetryError:
        return f"training signalled, no answer within {timeout_seconds:.0f} s"
    return f"training signalled: {state}"


def _await_command(
    cloud: Cloud, clock: Clock, command_id: str, instance_id: str, timeout_seconds: float
) -> CommandState:
    give_up_at = clock.now() + timedelta(seconds=timeout_seconds)
    growing = wait_exponential(multiplier=1, max=10)
    retrying = Retrying(
        retry=retry_if_result(lambda state: state is CommandState.RUNNING),
        stop=lambda _: clock.now() >= give_up_at,
        wait=lambda state: min(growing(state), (give_up_at - clock.now()).total_seconds()),
        sleep=clock.sleep,
    )
    return retrying(lambda: cloud.command_state(command_id, instance_id))
