"""Every widget of the dashboard shows something in a week of a team's runs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from monitor_runtime.contract.outcomes import Outcome
from runctl_component.monitor.log_queries import QUERIES
from sandbox.demo.scenarios import SCENARIOS
from tests.lifecycle.week import NIGHTLY, RUNS, Week, play_week
from tests.runctl_component.monitor.dashboard_rules import body_problems, title_of
from tests.runctl_component.monitor.log_insights import Row, columns, results
from tests.runctl_component.monitor.test_dashboard import BODY

pytestmark = pytest.mark.xdist_group("dashboard week")

GRAPHS = [title_of(each) for each in BODY["widgets"] if each["type"] == "metric"]
NEVER = {"Throttles"}
"""What did not happen in this week, so that a zero is all there is to see."""


@pytest.fixture(scope="module")
def week() -> Week:
    return play_week()


def _properties(week: Week, title: str) -> dict[str, Any]:
    (found,) = [each["properties"] for each in week.dashboard["widgets"] if title_of(each).startswith(title)]
    return found


def _rows(week: Week, title: str, *, until: str = "") -> list[Row]:
    """What a widget shows of the time up to a moment, or of all of the week."""
    query = _properties(week, title)["query"].partition("\n| ")[2]
    return results(query, [each for each in week.events if not until or each["@timestamp"] < until])


def _without_values(week: Week, graph: dict[str, Any]) -> list[str]:
    """The metrics of a graph of which nothing is drawn, or nothing but zeros."""
    drawn = [[word for word in metric if isinstance(word, str)] for metric in graph["metrics"]]
    return [
        " ".join(words)
        for words in drawn
        if words and not any(week.of(words)) and not (words[1] in NEVER and week.of(words))
    ]


def test_cloudwatch_takes_what_was_deployed(week: Week) -> None:
    assert list(body_problems(week.dashboard)) == []


@pytest.mark.parametrize("title", GRAPHS)
def test_a_graph_has_values_of_each_of_its_metrics(week: Week, title: str) -> None:
    assert _without_values(week, _properties(week, title)) == []


def test_a_metric_that_nobody_sends_is_found(week: Week) -> None:
    graph = copy.deepcopy(_properties(week, "How late"))
    graph["metrics"][0][1] = "Lateness"
    assert [text.split()[:2] for text in _without_values(week, graph)] == [["Runctl", "Lateness"]]


@pytest.mark.parametrize("title", QUERIES)
def test_a_table_has_rows_and_something_in_each_column(week: Week, title: str) -> None:
    """While the first trainings are under way, or at the end of the week."""
    shown = [_rows(week, title, until=week.under_way), _rows(week, title)]
    assert shown[-1]
    filled = {column for rows in shown for row in rows for column in row}
    assert filled == set(columns(QUERIES[title]))


def test_the_runs_are_counted_by_the_state_of_their_instances(week: Week) -> None:
    assert _rows(week, "Runs by", until=week.under_way) == [
        {"state": "running", "runs": len(RUNS) - 1},
        {"state": "terminated", "runs": 1},
    ]


def test_each_run_is_listed_with_how_it_ended(week: Week) -> None:
    ended = {row["run"]: row["reason"].rpartition(": ")[2] for row in _rows(week, "Runs, as last seen")}
    assert ended == {run: SCENARIOS[run].outcome for run in RUNS}


def test_every_outcome_is_among_the_endings(week: Week) -> None:
    assert {row["check.outcome"] for row in _rows(week, "Endings")} == set(Outcome)


def test_problems_are_listed_by_what_they_are_about(week: Week) -> None:
    assert {row["about"] for row in _rows(week, "Problems")} == {NIGHTLY, "audit"}


def test_the_alarms_are_those_of_the_monitor_without_the_one_for_silence(week: Week) -> None:
    silence = {arn for arn in week.alarm_arns if "runs-silence" in arn}
    assert len(silence) == 1
    assert set(_properties(week, "Alarms")["alarms"]) == week.alarm_arns - silence
