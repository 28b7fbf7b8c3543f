"""Waiting for what a box does, in real time: it has a clock of its own."""

from __future__ import annotations

from collections.abc import Callable

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

_SECONDS_BETWEEN_LOOKS = 0.05


def wait_until(happened: Callable[[], bool], seconds: float, what: str) -> None:
    """Look until it has happened.

    Raises:
        TimeoutError: when it has not within the seconds.
    """
    looking = Retrying(
        retry=retry_if_result(lambda seen: not seen),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(_SECONDS_BETWEEN_LOOKS),
    )
    try:
        looking(happened)
    except RetryError as error:
        raise TimeoutError(f"no {what} within {seconds:g} s") from error
