from __future__ import annotations

from datetime import timedelta

import pytest

from monitor_runtime.decide.next_check import LeaveToHeartbeat, Outlook, ScheduleFollowUp, WaitInside, plan_next

from ..builders import LAUNCH


def _plan(seconds: float, *, heartbeat: float = 300, can_wait: float = 700) -> Outlook:
    """What is planned for a check that is due ``seconds`` after now."""
    due = LAUNCH + timedelta(seconds=seconds)
    return plan_next(due, LAUNCH, heartbeat_seconds=heartbeat, can_wait_seconds=can_wait)


def _follow_up(seconds: float) -> ScheduleFollowUp:
    return ScheduleFollowUp(LAUNCH + timedelta(seconds=seconds))


def test_what_time_cannot_change_is_left_to_the_heartbeat() -> None:
    assert plan_next(None, LAUNCH, heartbeat_seconds=300, can_wait_seconds=700) == LeaveToHeartbeat()


@pytest.mark.parametrize(
    ("seconds", "outlook"),
    [
        (-3600, WaitInside(0)),
        (0, WaitInside(0)),
        (0.5, WaitInside(0.5)),
        (75, WaitInside(75)),
        (75.1, _follow_up(15.1)),
        (300, _follow_up(240)),
        (360, _follow_up(300)),
        (360.1, LeaveToHeartbeat()),
        (86_400, LeaveToHeartbeat()),
    ],
)
def test_the_near_is_waited_for_the_middle_scheduled_and_the_far_left_to_the_heartbeat(
    seconds: float, outlook: Outlook
) -> None:
    assert _plan(seconds) == outlook


@pytest.mark.parametrize(
    ("seconds", "can_wait", "outlook"),
    [
        (20, 20, WaitInside(20)),
        (20, 19, _follow_up(15)),
        (74, 0, _follow_up(15)),
        (76, 0, _follow_up(16)),
        (0, 0, WaitInside(0)),
        (5, -60, _follow_up(15)),
        (-5, -60, _follow_up(15)),
    ],
)
def test_an_invocation_without_time_to_spare_schedules_at_the_soonest(
    seconds: float, can_wait: float, outlook: Outlook
) -> None:
    assert _plan(seconds, can_wait=can_wait) == outlook


@pytest.mark.parametrize(("heartbeat", "outlook"), [(3600, _follow_up(3540)), (3539, LeaveToHeartbeat())])
def test_a_rarer_heartbeat_is_helped_out_for_longer(heartbeat: float, outlook: Outlook) -> None:
    assert _plan(3600, heartbeat=heartbeat) == outlook
