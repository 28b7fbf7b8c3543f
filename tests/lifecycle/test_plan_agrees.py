"""What the plan says in a preview is what a watch then takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.watching import bytes_per_invocation, metric_hours, until_the_stop
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Outcome
from runctl_component.args.defaults import complete, to_settings
from runctl_component.plan.day_of_watching import HANDLER_LOG_BYTES, HOURLY_METRICS
from runctl_component.plan.endings import Fate, fates
from runctl_component.plan.prices import METRIC_HOUR
from sandbox.demo.scenarios import DAY, Scenario
from sandbox.demo.story import RUN, Story, play
from sandbox.demo.training import crash, lose_checkpoint, succeed

from ..stories import STORIES, told


def _plan(story: Story) -> dict[str, Any]:
    return story.deployment.outputs[RUN]["plan"]


of_the_day = pytest.mark.xdist_group("day of watching")


@pytest.fixture(scope="module")
def day() -> Story:
    return play(DAY)


@of_the_day
def test_the_metrics_of_a_day_are_sent_in_at_most_the_planned_hours_and_not_much_less(day: Story) -> None:
    dollars = metric_hours(until_the_stop(day), day.launched_at) * METRIC_HOUR
    planned = _plan(day)["monitor_dollars_per_day"]["metrics"]
    assert 0.95 * planned < dollars < planned


@of_the_day
def test_an_hour_of_mere_watching_sends_the_metrics_that_are_planned_for_every_hour(day: Story) -> None:
    begin = day.launched_at + timedelta(hours=12)
    hour = [each for each in day.invocations if begin <= each.started_at < begin + timedelta(hours=1)]
    assert metric_hours(hour, day.launched_at) == HOURLY_METRICS


@of_the_day
def test_an_invocation_logs_at_most_the_planned_bytes_and_not_much_less(day: Story) -> None:
    logged = bytes_per_invocation(until_the_stop(day))
    assert 0.8 * HANDLER_LOG_BYTES < logged < HANDLER_LOG_BYTES


@of_the_day
@pytest.mark.parametrize("s3_events", [False, True])
def test_a_day_of_watching_takes_at_most_the_planned_calls_and_not_much_less(day: Story, s3_events: bool) -> None:
    story = play(replace(DAY, args={**DAY.args, "s3_events": True})) if s3_events else day
    assert list(story.problems()) == []
    for service, planned in _plan(story)["api_calls_per_day"].items():
        # A handful of the scheduler's calls are planned for what did not happen here: a completion and its noticing.
        assert planned - 10 <= story.calls()[service] <= planned


@of_the_day
def test_a_day_of_watching_takes_at_most_a_tenth_of_a_head_for_each_file_every_minute(day: Story) -> None:
    files = 3 + len(DAY.args["expected_outputs"])
    assert day.calls().total() <= files * 24 * 60 / 10


@STORIES
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("scenario", "trigger"), [("default", "by_poll"), ("crash", "by_poll"), ("events", "by_event")]
)
def test_a_finished_run_waits_no_longer_than_planned(scenario: str, trigger: str, seed: int) -> None:
    story = told(scenario, seed=seed)
    assert story.marker_at
    assert story.called_at
    assert story.called_at - story.marker_at <= timedelta(seconds=_plan(story)["longest_wait_seconds"][trigger])


@STORIES
def test_the_deadline_layers_act_when_the_plan_says() -> None:
    stories = {name: told(name) for name in ("hang", "switch")}
    assert [layer["after_launch"] for layer in _plan(stories["hang"])["deadline_layers"]][:2] == ["2 h", "2 h 10 min"]
    for name, planned in (("hang", timedelta(hours=2)), ("switch", timedelta(hours=2, minutes=10))):
        called_at = stories[name].called_at
        assert called_at
        assert timedelta(0) <= called_at - stories[name].launched_at - planned <= timedelta(minutes=1)


LEFT_AS = {
    Fate.STOPPED: "stopped",
    Fate.TERMINATED: "terminated",
    Fate.UNSTOPPABLE: "terminated",
    Fate.REPORTED: "running",
    Fate.KEPT: "running",
}
"""The state in which each fate leaves an instance."""
FINISHES = {
    Outcome.SUCCEEDED: succeed,
    Outcome.FAILED: crash,
    Outcome.UNVERIFIED: lose_checkpoint,
    Outcome.DEADLINE: None,
}


@pytest.mark.parametrize(
    ("args", "outcome"),
    [
        ({"spot": "one-time"}, Outcome.SUCCEEDED),
        ({"spot": "one-time"}, Outcome.FAILED),
        ({"spot": "one-time"}, Outcome.UNVERIFIED),
        ({"spot": "one-time"}, Outcome.DEADLINE),
        ({"spot": "persistent"}, Outcome.SUCCEEDED),
        ({"spot": "persistent", "on_failure": "terminate"}, Outcome.FAILED),
        ({"on_complete": "terminate"}, Outcome.UNVERIFIED),
        ({"on_complete": "report"}, Outcome.SUCCEEDED),
    ],
)
def test_an_outcome_leaves_the_instance_as_the_plan_says(args: dict[str, Any], outcome: Outcome) -> None:
    works_for = timedelta(minutes=10)
    lasts = timedelta(minutes=75 if outcome is Outcome.DEADLINE else 40)
    hour = {"max_runtime_hours": 1, **args}
    story = play(Scenario("", None, "", hour, FINISHES[outcome], works_for, lasts=lasts))
    settings = to_settings(RUN, "demo", complete(RUN, {"bucket": "outputs", **hour}))
    fate = fates(settings, args.get("spot"))[outcome]
    assert _plan(story)["endings"][outcome].startswith(fate.value)
    assert (story.tags.get(names.TAG_OUTCOME, Outcome.UNVERIFIED), story.state) == (outcome, LEFT_AS[fate])
