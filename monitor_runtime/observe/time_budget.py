"""Looking only while there is time: what AWS is too slow to show is unknown, and the ending keeps its share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from monitor_runtime.cloud.interface import CALL_SECONDS, Cloud, CloudError, ErrorKind

LONGEST_CALL_SECONDS = 2 * CALL_SECONDS
"""A request, and another one where the connection of the first turns out to be closed."""


def within_budget(cloud: Cloud, spare_seconds: Callable[[], float]) -> Cloud:
    """The same cloud, whose methods raise CloudError, as one that can pass, when there is no time for a call.

    ``spare_seconds``: what is left at the moment, beside what an ending needs.
    """
    return cast("Cloud", _Budgeted(cloud, spare_seconds))


class _Budgeted:
    def __init__(self, cloud: Cloud, spare_seconds: Callable[[], float]) -> None:
        self._cloud = cloud
        self._spare_seconds = spare_seconds

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._cloud, method)

        def asked(*arguments: Any, **named: Any) -> Any:
            if self._spare_seconds() < LONGEST_CALL_SECONDS:
                message = "not asked: AWS is slow, and the rest of the time is kept for an ending; the next check asks"
                raise CloudError(method, "time budget used up", message, ErrorKind.TRANSIENT)
            return call(*arguments, **named)

        return asked
