"""The handler on moto: what a check knows of the deadline switch when it could not record what it did."""

from __future__ import annotations

import pytest

from monitor_runtime.contract import names
from sandbox.aws.boto import client

from .cloud.aws_failures import DENIED, raiser
from .cloud.moto_cloud import GROUP, MONITOR, Cloud, moto_cloud
from .handler_paths import watched

HELD_UNTIL = "2026-03-04T09:00:00Z"
AT_DEADLINE = "at(2026-03-03T09:10:00)"
AFTER_HOLD = "at(2026-03-04T09:10:00)"


def _held(cloud: Cloud) -> None:
    cloud.tag(hold_until=HELD_UNTIL)
    cloud.faults["ec2:CreateTags"] = DENIED
    cloud.check()
    cloud.faults.clear()


def _switch(cloud: Cloud) -> str:
    return cloud.schedules()[cloud.switch_name]["ScheduleExpression"]


def test_a_hold_that_is_taken_off_leaves_the_switch_right_though_no_tag_could_be_written_meanwhile() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        _held(cloud)
        cloud.tag(hold_until="")
        cloud.check()
        assert _switch(cloud) == AT_DEADLINE


def test_a_hold_moves_the_switch_as_soon_as_that_can_be_recorded() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        _held(cloud)
        assert _switch(cloud) == AT_DEADLINE
        cloud.check()
        assert (_switch(cloud), cloud.tags[names.TAG_ARMED]) == (AFTER_HOLD, f"2026-03-04T09:10:00Z stop by {MONITOR}")


def test_a_hold_moves_a_switch_that_is_about_to_fire_though_no_tag_can_be_written() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=23, minutes=58)
        _held(cloud)
        assert _switch(cloud) == AFTER_HOLD
        cloud.tag(hold_until="")
        cloud.check()
        assert _switch(cloud) == AT_DEADLINE


def test_a_deadline_that_is_declared_sooner_moves_the_switch_though_no_tag_can_be_written() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.declare(max_runtime_hours=3)
        cloud.faults["ec2:CreateTags"] = DENIED
        cloud.check()
        assert _switch(cloud) == "at(2026-03-02T12:10:00)"


def test_a_check_that_is_cut_off_while_it_moves_the_switch_has_said_that_it_is_unsure() -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.tag(hold_until=HELD_UNTIL)
        cloud.faults["scheduler:CreateSchedule"] = raiser(RuntimeError("cut off"))
        with pytest.raises(RuntimeError):
            cloud.check()
        assert cloud.tags[names.TAG_ARMED] == f"2026-03-03T09:10:00Z stop by {MONITOR} unsure"


def test_a_switch_that_stands_as_recorded_is_not_asked_about() -> None:
    with moto_cloud() as cloud:
        watched(cloud).check()
        assert cloud.made() == ["ec2:DescribeInstances", "s3:ListObjectsV2"]


def test_a_switch_that_is_set_again_shortly_before_it_fires_is_recorded_again() -> None:
    """A slow check may do so after another one has ended the run, removed the switch and emptied the tag."""
    with moto_cloud() as cloud:
        cloud.check("first-check")
        cloud.pass_time(hours=23, minutes=58)
        cloud.check()
        made = cloud.made()
        assert made.index("ec2:CreateTags") > made.index("scheduler:UpdateSchedule")


@pytest.mark.parametrize("other", ["team/dev/other", f"{'x' * 200}{MONITOR}", f"{MONITOR}-2"])
def test_a_run_that_was_moved_to_this_monitor_is_armed_though_the_tag_tells_of_the_others_switch(other: str) -> None:
    with moto_cloud() as cloud:
        cloud.check("first-check")
        client("scheduler").delete_schedule(GroupName=GROUP, Name=cloud.switch_name)
        cloud.tag(armed=f"2026-03-03T09:10:00Z stop by {other[-200:]}")
        cloud.check()
        assert _switch(cloud) == AT_DEADLINE
        assert cloud.tags[names.TAG_ARMED] == f"2026-03-03T09:10:00Z stop by {MONITOR}"
