from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from rich.table import Table

from sandbox.demo.picture import running_spans, timeline_svg
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.show import calls_table, checks_line, outcome_table, plan_lines, resource_tree
from sandbox.demo.story import RUN, Story, play, preview

pytestmark = pytest.mark.xdist_group("shown")

DEFAULT = SCENARIOS["default"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def story() -> Story:
    return play(DEFAULT)


@pytest.fixture(scope="module")
def restarted() -> Story:
    return play(SCENARIOS["restart"])


@pytest.fixture(scope="module")
def interrupted() -> Story:
    return play(SCENARIOS["spot"])


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
    assert "2:10:46  heartbeat     wait       marker training_complete.txt: grace period until 2:15:00" in lines
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
    assert "a finished run waits at most 365 s when a check finds it" in plain
    assert "a finished run waits at most 305 s when an event comes, 365 s when a check finds it" in events


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
    assert "taken by EC2         1:02:00" in outcome
    assert "stop called" not in outcome


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


def test_the_picture_shows_each_launch_of_the_instance_by_itself(restarted: Story) -> None:
    assert restarted.called_at
    spans = running_spans(restarted, restarted.called_at)
    hours = [round((moment - restarted.launched_at) / timedelta(hours=1), 2) for span in spans for moment in span]
    assert hours == [0, 2.25, 4, 6.25]


def test_the_picture_tells_when_a_spot_instance_was_taken(interrupted: Story) -> None:
    words = {element.text for element in ET.fromstring(timeline_svg(interrupted, "spot")).iter(f"{SVG}text")}
    assert {"interruption warned 1:00:02", "taken by EC2 1:02:00"} <= words
    ((began, ended),) = running_spans(interrupted, interrupted.invocations[-1].ended_at)
    assert timedelta(hours=1, minutes=2) <= ended - began <= timedelta(hours=1, minutes=7)


def test_the_picture_names_the_moments_of_the_ending(story: Story) -> None:
    words = {element.text for element in ET.fromstring(timeline_svg(story, "default")).iter(f"{SVG}text")}
    assert {"through 2:10:00", "grace period", "stop called 2:15:00"} <= words


def test_the_picture_has_a_dot_for_every_check_and_every_object(story: Story) -> None:
    drawn = ET.fromstring(timeline_svg(story, "default")).findall(f"{SVG}circle")
    assert story.called_at
    checks = [entry for entry in story.invocations if entry.started_at <= story.called_at]
    assert len(drawn) == len(checks) + len(story.written)


def test_the_picture_shows_a_summary_as_it_is_written(story: Story) -> None:
    named = replace(story, scenario=replace(DEFAULT, summary="A & B < C"))
    assert "default: A & B < C" in {
        element.text for element in ET.fromstring(timeline_svg(named, "default")).iter(f"{SVG}text")
    }
