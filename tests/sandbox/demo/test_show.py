from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console
from rich.table import Table

from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.show import calls_table, checks_line, outcome_table, plan_lines, resource_tree
from sandbox.demo.story import RUN, Story, preview

from ...stories import STORIES, told

pytestmark = STORIES

DEFAULT = SCENARIOS["default"]


@pytest.fixture
def story() -> Story:
    return told("default")


@pytest.fixture
def restarted() -> Story:
    return told("restart")


@pytest.fixture
def interrupted() -> Story:
    return told("spot")


def test_each_resource_of_a_preview_stands_once_below_its_parent() -> None:
    previewed = preview(DEFAULT)
    page = io.StringIO()
    Console(file=page, width=100).print(resource_tree(previewed))
    lines = page.getvalue().splitlines()
    assert lines[1:3] == ["├── + TrainingRun  llama-ft", "│   ├── + ec2.Instance  llama-ft"]
    assert [line for line in lines if line.startswith("└")] == ["└── + Monitor  runs"]
    assert len(lines) == 1 + len(previewed.resources)


def test_times_are_told_since_the_launch(story: Story) -> None:
    lines = [checks_line([entry], story.launched_at).plain for entry in story.invocations]
    assert "2:10:14  heartbeat     wait       marker training_complete.txt: grace period until 2:15:00" in lines
    assert "2:15:00  follow-up     end        marker training_complete.txt (exit code 0)" in lines


@pytest.mark.parametrize(
    ("event", "decision", "line"),
    [
        ("Object Created", "wait", "s3-event      wait       "),
        ("EC2 Spot Instance Interruption Warning", "interrupt", "spot-warning  interrupt  "),
        ("heartbeat", "terminate-stopped", "heartbeat     terminate  "),
    ],
)
def test_the_words_of_a_line_keep_apart(story: Story, event: str, decision: str, line: str) -> None:
    told = replace(story.invocations[0], event={"detail-type": event}, reply={"decision": decision, "reason": "."})
    assert f"  {line}." in checks_line([told], story.launched_at).plain


def test_checks_that_say_the_same_are_one_line_with_their_count_and_the_last_of_them(story: Story) -> None:
    told = replace(story.invocations[0], event={"trigger": "heartbeat"}, reply={"decision": "wait", "reason": "held"})
    later = replace(told, ended_at=told.ended_at + timedelta(hours=1))
    line = checks_line([told, told, later], told.ended_at).plain
    assert line == "0:00:00  heartbeat     wait       held (3 times, until 1:00:00)"


def test_the_plan_tells_each_ending_in_words_and_the_wait_after_an_event_where_there_are_events() -> None:
    plain, events = (list(plan_lines(preview(SCENARIOS[name]))) for name in ("default", "events"))
    assert "succeeded: stopped, 300 s after training_complete.txt or COMPLETE or done" in plain
    assert "once the training is through, its instance runs on for at most 365 s" in plain
    assert (
        "once the training is through, its instance runs on for at most 305 s where an event tells of it, else 365 s"
        in events
    )


def _printed(table: Table) -> str:
    page = io.StringIO()
    Console(file=page, width=100).print(table)
    return page.getvalue()


def test_the_comparison_is_with_what_the_scenario_itself_asks_for(story: Story) -> None:
    other = replace(DEFAULT, args={"markers": ["done"], "expected_outputs": ["a", "b"]})
    slower = replace(story.deployment, outputs={RUN: {"plan": {"then_every_seconds": 600}}})
    words = _printed(calls_table(replace(story, scenario=other, deployment=slower)))
    assert "runctl, backoff to 600 s" in words
    assert "one HEAD for each of 5 keys every 60 s" in words
    assert "one HEAD for each of 7 keys" in _printed(calls_table(replace(story, scenario=SCENARIOS["outputs"])))


def test_an_instance_that_ec2_took_was_not_told_to_stop(interrupted: Story) -> None:
    outcome = _printed(outcome_table(interrupted))
    assert "taken by EC2 1:02:00" in " ".join(outcome.split())
    assert "called" not in outcome


def test_what_watched_a_taken_instance_is_compared_until_it_was_taken(interrupted: Story) -> None:
    words = _printed(calls_table(interrupted))
    assert "S3 requests until EC2 took it" in words
    assert f"one LIST every 30 s {62 * 2}" in " ".join(words.split())


def test_a_spot_instance_that_nobody_takes_is_not_as_declared(interrupted: Story) -> None:
    assert list(interrupted.problems()) == []
    assert list(replace(interrupted, changes=[]).problems()) == ["the instance was not ended"]


def test_a_second_launch_is_seen_after_its_own_marker(restarted: Story) -> None:
    assert restarted.marker_at
    assert restarted.seen_at
    assert restarted.seen_at > restarted.marker_at
