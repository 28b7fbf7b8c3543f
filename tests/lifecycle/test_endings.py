"""Every way in which a run can end, played with the schedules and rules that the component itself declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor_runtime.contract import names
from sandbox.demo.polling import ways
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.story import Story, play

from ..stories import STORIES, told

pytestmark = STORIES


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_run_ends_as_its_scenario_says(name: str) -> None:
    assert list(told(name).problems()) == []


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_stop_comes_within_65_seconds_of_the_end_of_grace_however_late_eventbridge_is(seed: int) -> None:
    story = told("default", seed=seed)
    assert story.called_at
    assert story.grace_over_at
    assert timedelta(0) <= story.called_at - story.grace_over_at <= timedelta(seconds=65)


def test_backing_off_needs_less_than_half_the_requests_of_a_list_every_30_seconds() -> None:
    story = told("default")
    assert story.called_at
    ours, every_30_seconds, _ = ways(story.calls()["s3"], story.called_at - story.launched_at, interval=300, keys=5)
    assert ours.saving_over(every_30_seconds) >= 0.5


def test_no_check_fails_while_nothing_is_wrong() -> None:
    story = told("default")
    assert [entry.error for entry in story.invocations if entry.error] == []
    assert [entry.reply["problems"] for entry in story.invocations if entry.reply and entry.reply["problems"]] == []


def test_the_ended_run_costs_one_describe_a_heartbeat() -> None:
    story = told("default")
    after = [entry.reply for entry in story.invocations if story.called_at and entry.started_at > story.called_at]
    checks = [reply["calls"] for reply in after if reply and reply["trigger"] != "audit"]
    assert checks
    assert checks == [{"ec2": 1}] * len(checks)


def test_the_deadline_switch_and_the_follow_up_are_gone_after_the_ending() -> None:
    story = told("default")
    assert story.tags[names.TAG_ARMED] == ""
    assert story.switch_fired_at is None


def test_an_event_is_noticed_sooner_than_a_poll() -> None:
    story = told("events")
    assert story.seen_at
    assert story.marker_at
    assert story.seen_at - story.marker_at <= timedelta(seconds=5)


def test_a_spot_training_is_signalled_before_ec2_takes_the_instance() -> None:
    story = told("spot")
    seen = [sentence for entry in story.invocations if entry.reply for sentence in entry.reply.get("seen", [])]
    assert "training signalled: succeeded" in seen


def test_a_hold_moves_the_deadline_switch_along() -> None:
    held = replace(SCENARIOS["hold"], args={"max_runtime_hours": 3}, lasts=timedelta(hours=3, minutes=50))
    story = play(held)
    assert story.state == "running"
    assert story.tags[names.TAG_ARMED] == "2026-03-02T13:10:00Z stop by runctl/demo/runs"


def _when(story: Story, state: str) -> datetime:
    (moment,) = [change.at for change in story.changes if change.state == state]
    return moment


def test_a_stopped_instance_is_kept_for_its_days_and_terminated_by_the_next_heartbeat() -> None:
    story = told("later")
    kept = _when(story, "shutting-down") - _when(story, "stopping")
    assert timedelta(days=1) <= kept <= timedelta(days=1, minutes=31)


def test_a_persistent_spot_request_is_cancelled_with_its_instance() -> None:
    assert told("persistent").open_spot_requests == 0


def test_outputs_are_given_their_grace_from_the_newest_of_them_on() -> None:
    story = told("outputs")
    assert [name for _, name in story.written[-2:]] == ["model/weights.safetensors", "metrics.json"]
    assert _when(story, "stopping") - story.written[-1][0] >= timedelta(minutes=5)


def test_a_run_that_was_started_again_has_a_deadline_switch_of_its_own() -> None:
    story = play(replace(SCENARIOS["restart"], lasts=timedelta(hours=5)))
    assert story.state == "running"
    assert story.tags[names.TAG_ARMED] == "2026-03-03T13:10:00Z stop by runctl/demo/runs"
