"""A run's own monitor: what the run declares of it, and what follows from the run."""

from __future__ import annotations

from typing import Any, cast

import pulumi
import pytest

from runctl_component import InvalidArgs, TrainingRun, TrainingRunArgs

from ..forms import BASE, registered
from ..recording import Recorded, record


def _run(**args: Any) -> Recorded:
    return registered({**BASE, **args})


def _run_with(field: str, late: object, **args: Any) -> Recorded:
    """A run of which one arg is an Output, which must be made while the program runs."""

    def program() -> None:
        given = {**BASE, **args, field: pulumi.Output.from_input(late)}
        TrainingRun("llama-ft", cast("TrainingRunArgs", given))

    return record(program)


def _silence_seconds(recorded: Recorded) -> float:
    return recorded.one("MetricAlarm", "llama-ft-monitor-silence").inputs["period"]


def test_its_log_is_kept_as_long_as_the_run_says() -> None:
    assert _run(log_retention_days=7).one("LogGroup", "llama-ft-monitor-log").inputs["retentionInDays"] == 7


@pytest.mark.parametrize(
    ("args", "seconds"),
    [
        ({}, 900),
        ({"max_interval_seconds": 60}, 180),
        ({"silence_minutes": 30}, 1800),
        ({"silence_minutes": 60, "max_interval_seconds": 1200}, 3600),
    ],
)
def test_its_alarm_for_silence_waits_for_three_heartbeats_or_as_long_as_the_run_says(
    args: dict[str, Any], seconds: int
) -> None:
    assert _silence_seconds(_run(**args)) == seconds


SHORT = (
    "silence_minutes: got 20; accepted: at least 30 minutes, three times max_interval_seconds;"
    " raise it, leave it out, or lower max_interval_seconds"
)


def test_a_silence_that_is_shorter_than_three_heartbeats_is_refused() -> None:
    with pytest.raises(InvalidArgs) as caught:
        _run(silence_minutes=20, max_interval_seconds=600)
    assert [str(problem) for problem in caught.value.problems] == [SHORT]


@pytest.mark.parametrize("late", ["silence_minutes", "max_interval_seconds"])
def test_the_same_holds_when_outputs_resolve(late: str) -> None:
    args: dict[str, Any] = {"silence_minutes": 20, "max_interval_seconds": 600}
    with pytest.raises(ValueError, match=SHORT):
        _run_with(late, args.pop(late), **args)


def test_it_has_a_dashboard_unless_that_is_turned_off() -> None:
    assert [each.name for each in _run().of("Dashboard")] == ["llama-ft-monitor-dashboard"]
    assert _run(dashboard=False).of("Dashboard") == []


def test_turning_the_dashboard_off_changes_nothing_else() -> None:
    on, off = _run(), _run(dashboard=False)
    without = [title for title in on.names() if not title[0].endswith("Dashboard")]
    assert len(without) == len(on.names()) - 1
    assert off.names() == without


def test_the_plan_counts_no_dashboard_where_there_is_none() -> None:
    def program() -> dict[str, Any]:
        return {"plan": TrainingRun("llama-ft", {**BASE, "dashboard": False}).plan}

    dollars = record(program).outputs["plan"]["monitor_dollars_per_day"]
    assert dollars["dashboard"] == 0
    assert dollars["words"].endswith("; it has no dashboard")


def test_whether_there_is_a_dashboard_must_be_known_when_the_program_runs() -> None:
    with pytest.raises(ValueError, match="dashboard: an Output; accepted: a plain value"):
        _run_with("dashboard", late=False)


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("log_retention_days", 31, "one of 1, 3, 5, 7, 14, 30, .* days; choose the nearest"),
        ("silence_minutes", 1441, "a whole number of minutes from 3 to 1440"),
        ("dashboard", "no", "true or false"),
    ],
)
def test_a_value_that_its_monitor_would_refuse_is_refused_as_the_runs(field: str, value: object, accepted: str) -> None:
    with pytest.raises(
        InvalidArgs, match=rf"TrainingRun 'llama-ft': 1 problem\n  {field}: got .*; accepted: .*{accepted}"
    ):
        _run(**{field: value})
