"""Trying again before the command runs: a fresh role has no credentials or rights at first, and AWS has bad minutes."""

from __future__ import annotations

from collections.abc import Callable

from ..machine.aws_cli import Answer
from ..machine.files import say
from ..machine.waiting import Interruption, pause

_DELAYS_SECONDS = (2, 4, 8, 16, 30, 60, 60, 60, 60)
"""Five minutes."""
_PATIENCE_WITH_REFUSALS = 5
"""Attempts, about a minute: the rights of a fresh role take seconds to be known everywhere."""
_REFUSALS = ("AccessDenied", "NoSuchBucket", "NotFound", "403", "404")


def patiently(what: str, attempt: Callable[[], Answer], interrupted: Interruption) -> Answer:
    """The first answer that is none of a failure, or the last one."""
    answer = attempt()
    for number, delay in enumerate(_DELAYS_SECONDS, start=1):
        refused = any(word in answer.reason for word in _REFUSALS)
        if not answer.reason or interrupted() or (refused and number >= _PATIENCE_WITH_REFUSALS):
            break
        say(f"{what}: {answer.reason}")
        pause(delay, interrupted)
        answer = attempt()
    return answer
