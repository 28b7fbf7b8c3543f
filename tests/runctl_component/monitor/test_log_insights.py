"""The stand-in for CloudWatch Logs Insights answers as that does, and refuses what that refuses."""

from __future__ import annotations

from typing import Any

import pytest

from .log_insights import QueryError, event, results

EVENTS = [
    event({"run": "a", "check": {"state": "running", "problems": ["slow", "late"]}}, "2026-03-02T09:00:00Z"),
    event({"run": "b", "check": {"state": "running", "problems": []}}, "2026-03-02T09:01:00Z"),
    event({"run": "a", "check": {"state": "stopped", "problems": [], "outcome": None}}, "2026-03-02T09:02:00Z"),
    event({"run": "c", "error": "denied"}, "2026-03-02T09:03:00Z"),
]

LATEST = "filter ispresent(check.state)\n| stats latest(check.state) as state by run"
ANSWERED: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "an entry of a list": ('filter run = "a"\n| fields check.problems.1', [{"check.problems.1": "late"}, {}]),
    "one of several": ('filter run in ["a", "b"]\n| stats count(*) as times', [{"times": 3}]),
    "null is absent": ("filter ispresent(check.outcome)\n| fields run", []),
    "the first that is there": (
        "fields coalesce(error, check.problems.0) as problem\n| filter ispresent(problem)",
        [{"problem": "slow"}, {"problem": "denied"}],
    ),
    "the latest of each": (
        f"{LATEST}\n| sort run desc",
        [{"run": "b", "state": "running"}, {"run": "a", "state": "stopped"}],
    ),
    "stats of stats": (
        f"{LATEST}\n| stats count(*) as runs by state\n| sort state asc",
        [{"state": "running", "runs": 1}, {"state": "stopped", "runs": 1}],
    ),
    "what is absent comes last": (
        "stats max(check.state) as state, max(@timestamp) as at by run\n| sort state asc\n| limit 2",
        [
            {"run": "b", "state": "running", "at": "2026-03-02T09:01:00Z"},
            {"run": "a", "state": "stopped", "at": "2026-03-02T09:02:00Z"},
        ],
    ),
}


@pytest.mark.parametrize(("query", "rows"), ANSWERED.values(), ids=ANSWERED)
def test_a_query_is_answered(query: str, rows: list[dict[str, Any]]) -> None:
    assert results(query, EVENTS) == rows


REFUSED = {
    "three stats": "stats count(*) as n by run\n| stats count(*) as m by n\n| stats count(*) as k by m",
    "limit before stats": "limit 5\n| stats count(*) as n by run",
    "gone after stats": "stats count(*) as n by run\n| stats count(*) as m by error",
    "sort by what is gone": "stats count(*) as n by run\n| sort @timestamp desc",
    "a command": "filter ispresent(run)\n| dedup run",
    "a condition": "filter run like /a/",
    "an aggregate": "stats pct(x) as y",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
def test_a_query_that_is_not_valid_or_not_played_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        results(query, EVENTS)
