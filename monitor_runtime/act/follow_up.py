"""Making sure that the next check comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import ATTEMPT_SECONDS, with_retries
from monitor_runtime.cloud.interface import CloudError, ErrorKind, FollowUp
from monitor_runtime.contract import names
from monitor_runtime.contract.lateness import SOONEST
from monitor_runtime.contract.triggers import follow_up_input
from monitor_runtime.decide.next_check import ScheduleFollowUp, WaitInside, plan_next

CARRIED_FOR = timedelta(hours=1)
"""What could not be written is carried so long, and then tried again, where nothing else asks for a follow-up.

And half a heartbeat longer: where both came at once, the heartbeat's check would find no follow-up that carries it.
"""


@dataclass(frozen=True, slots=True)
class Recheck:
    """When a look at an instance asks for another one; None: the heartbeat is soon enough.

    ``inside``: whether this invocation may wait for it. ``planned``: an earlier check has seen to it, and another
    follow-up, in the place of that one's, could come later. ``in_grace``: the end of a grace period is waited for.
    """

    at: datetime | None
    inside: bool = True
    planned: bool = False
    in_grace: bool = False


def soonest(rechecks: Sequence[Recheck]) -> Recheck:
    """The recheck that serves them all. ``rechecks`` is not empty."""
    moments = [recheck.at for recheck in rechecks if recheck.at]
    at = min(moments, default=None)
    first = [recheck for recheck in rechecks if recheck.at == at]
    return Recheck(
        at,
        inside=all(recheck.inside for recheck in rechecks),
        planned=any(recheck.planned for recheck in first),
        in_grace=any(recheck.in_grace for recheck in first),
    )


def await_next(context: CheckContext, recheck: Recheck, now: datetime, can_wait_seconds: float) -> float | None:
    """Wait for the next check, schedule it, or leave it to the heartbeat. How many seconds were waited, or None.

    ``now``: when the check began. What it has taken since is part of the wait, and no follow-up is in the past.
    """
    recheck_at = recheck.at
    outlook = plan_next(
        recheck_at,
        now,
        heartbeat_seconds=context.settings.max_interval_seconds,
        can_wait_seconds=can_wait_seconds,
    )
    if isinstance(outlook, WaitInside):
        taken = (context.clock.now() - now).total_seconds()
        context.clock.sleep(max(0.0, outlook.seconds - taken))
        return outlook.seconds
    if isinstance(outlook, ScheduleFollowUp):
        context.report.next_check_at = recheck_at
        if not recheck.planned or context.unrecorded.changed:
            follow_up(context, max(outlook.at, context.clock.now() + SOONEST))
    elif context.unrecorded.changed:
        half = timedelta(seconds=context.settings.max_interval_seconds / 2)
        context.report.next_check_at = recheck_at or now + CARRIED_FOR + half
        follow_up(context, context.report.next_check_at)
    else:
        context.report.next_check_at = now + timedelta(seconds=context.settings.max_interval_seconds)
    return None


def follow_up(context: CheckContext, at: datetime) -> None:
    """Schedule a check at that moment, in place of the follow-up that there is; without one, the heartbeat remains.

    What that one carries, also of another instance, is carried on.
    """
    if (left := context.remaining_seconds()) < ATTEMPT_SECONDS:
        context.report.problem(f"no follow-up, the next check is the heartbeat's: {left:.0f} s are left")
        return
    context.unrecorded.catch_up(context.cloud, context.report)
    try:
        put_follow_up(context, at)
    except CloudError as error:
        if error.kind is ErrorKind.CONFLICT and context.unrecorded.unread:
            context.report.note("the pending follow-up stays: it may carry what could not be read")
            return
        context.report.problem(f"no follow-up, the next check is the heartbeat's: {error}")


def put_follow_up(context: CheckContext, at: datetime) -> None:
    """Put the run's follow-up, with all that it has to carry; none in the place of one that could not be read.

    Raises:
        CloudError: when EventBridge Scheduler does not take it.
    """
    message = follow_up_input(context.settings.to_document(), context.unrecorded.tags)
    name, replaces = names.follow_up_name(context.settings.run), not context.unrecorded.unread
    context.cloud.put_follow_up(FollowUp(name, at, message, replaces))


def drop_follow_up(context: CheckContext) -> None:
    """Remove what nothing is left to do for. What has to be carried on takes its place, or is in it already."""
    if context.unrecorded.tags:
        return
    try:
        name = names.follow_up_name(context.settings.run)
        with_retries(context.clock, lambda: context.cloud.delete_schedule(name), context.remaining_seconds)
    except CloudError as error:
        context.report.problem(f"follow-up not removed: {error}")
