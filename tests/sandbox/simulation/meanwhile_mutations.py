"""Ways in which the monitor could be wrong about what happens while it looks, waits, or tries again.

One lifecycle in many thousands shows them: the kept one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from monitor_runtime import check
from monitor_runtime.act import unrecorded
from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.contract.deadline import LAST_LOOK, deadline
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide import case
from monitor_runtime.decide.decisions import Decision, End
from monitor_runtime.decide.observation import Observation

from .mutation import Mutation
from .patches import replaced, wrapped


def _last_look_of_any(settings: Settings, launched_at: datetime) -> datetime | None:
    due = deadline(settings, launched_at)
    return due and due + LAST_LOOK


def _just_due(
    original: Callable[[CheckContext, Observation, Decision], bool],
    context: CheckContext,
    seen: Observation,
    decision: Decision,
) -> bool:
    as_if = replace(decision, due_since=context.clock.now()) if isinstance(decision, End) else decision
    return original(context, seen, as_if)


MEANWHILE_MUTATIONS = (
    Mutation(
        "a deadline that is only reported has a last look",
        replaced(case, "last_look", _last_look_of_any),
        "grace_is_given_in_full",
    ),
    Mutation(
        "what is overdue was not refused",
        wrapped(check, "_asks_memory", _just_due),
        "calls_are_bounded",
    ),
    Mutation(
        "a refusal that a person forgave comes back",
        replaced(unrecorded, "_was_taken_away", lambda *_: False),
        "a_check_ends_what_is_due",
    ),
)
