"""Runs under a shared monitor: what it does for them, and what it must be asked for."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from runctl_component import InvalidArgs, Monitor, NotWatchedError, TrainingRun

from ..forms import BASE, KEY, TOPIC
from ..recording import Recorded, Resource, record


def test_a_shared_monitor_serves_three_runs_and_does_not_grow() -> None:
    def program(count: int) -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}], "s3_events": True})
        for number in range(count):
            TrainingRun(f"run-{number}", {**BASE, "prefix": f"runs/{number}", "s3_events": True}, monitor=monitor)

    def of_monitor(recorded: Recorded) -> list[tuple[str, str, str]]:
        shared = [each for each in recorded.resources if each.name.startswith("shared-")]
        return sorted((each.type, each.name, str({**each.inputs, "code": ""})) for each in shared)

    three = record(lambda: program(3))
    assert [each.name for each in three.resources if each.type.endswith(":Function")] == ["shared-function"]
    assert of_monitor(three) == of_monitor(record(lambda: program(1)))


def test_a_run_outside_of_what_its_monitor_watches_is_refused() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}]})
        TrainingRun("llama-ft", {**BASE, "prefix": "elsewhere"}, monitor=monitor)

    with pytest.raises(NotWatchedError, match=r"s3://outputs/elsewhere/.*s3://outputs/runs/"):
        record(program)


def test_a_place_that_resolves_outside_of_what_its_monitor_watches_is_refused() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": pulumi.Output.from_input("outputs"), "prefix": "runs"}]})
        TrainingRun("llama-ft", {**BASE, "prefix": "elsewhere"}, monitor=monitor)

    with pytest.raises(ValueError, match=r"(?s)s3://outputs/elsewhere/.*s3://outputs/runs/"):
        record(program)


def test_a_run_that_counts_on_events_needs_a_monitor_that_listens() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("llama-ft", {**BASE, "s3_events": True}, monitor=monitor)

    with pytest.raises(NotWatchedError, match="s3_events"):
        record(program)


def _shared(monitor_args: dict[str, Any], **run: Any) -> Recorded:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}], **monitor_args})  # pyright: ignore[reportArgumentType]
        TrainingRun("llama-ft", {**BASE, **run}, monitor=monitor)  # pyright: ignore[reportArgumentType]

    return record(program)


def test_a_run_that_is_checked_too_seldom_for_the_alarm_for_silence_is_refused() -> None:
    with pytest.raises(InvalidArgs) as caught:
        _shared({"silence_minutes": 20}, max_interval_seconds=600)
    (problem,) = caught.value.problems
    assert str(problem) == (
        "max_interval_seconds: got 600; accepted: at most 400 s, a third of silence_minutes (20) of 'shared'"
        "; lower it, or set silence_minutes of the monitor to three times as long"
    )


@pytest.mark.parametrize("where", ["run", "monitor"])
def test_the_same_holds_when_outputs_resolve(where: str) -> None:
    def later(value: float, owner: str) -> Any:
        return pulumi.Output.from_input(value) if where == owner else value

    def program() -> None:
        silence = later(20.0, "monitor")
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}], "silence_minutes": silence})
        TrainingRun("llama-ft", {**BASE, "max_interval_seconds": later(600, "run")}, monitor=monitor)

    with pytest.raises(
        ValueError, match=r"(?s)max_interval_seconds: got 600.*silence_minutes of the monitor to three times"
    ):
        record(program)


@pytest.mark.parametrize(("minutes", "seconds"), [(None, 300), (15, 300), (30, 600), (180, 3600)])
def test_three_heartbeats_within_the_silence_are_enough(minutes: int | None, seconds: int) -> None:
    assert _shared({"silence_minutes": minutes}, max_interval_seconds=seconds).one("Invocation", "llama-ft-first-check")


def test_a_topic_is_set_on_the_shared_monitor_and_not_on_its_runs() -> None:
    with pytest.raises(InvalidArgs, match=r"notify_key_arn: got .*; set it on the monitor"):
        _shared({}, notify_topic_arn=TOPIC, notify_key_arn=KEY)
    with pytest.raises(InvalidArgs, match=r"notify_topic_arn: got .*; accepted: .*; set it on the monitor"):
        _shared({}, notify_topic_arn=TOPIC)


@pytest.mark.parametrize(
    ("field", "value"), [("log_retention_days", 7), ("silence_minutes", 30), ("dashboard", False), ("dashboard", True)]
)
def test_what_is_the_shared_monitors_is_not_set_on_a_run(field: str, value: object) -> None:
    accepted = "only with a monitor of the run's own; set it on the monitor, for all of its runs"
    with pytest.raises(InvalidArgs) as caught:
        _shared({}, **{field: value})
    assert [str(problem) for problem in caught.value.problems] == [f"{field}: got {value!r}; accepted: {accepted}"]


def test_an_output_of_what_is_the_shared_monitors_is_called_one() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("llama-ft", {**BASE, "notify_topic_arn": pulumi.Output.from_input(TOPIC)}, monitor=monitor)

    with pytest.raises(
        InvalidArgs, match="notify_topic_arn: an Output; accepted: only with a monitor of the run's own"
    ):
        record(program)


ALL_WRONG: dict[str, Any] = {
    **BASE,
    "prefix": "elsewhere",
    "s3_events": True,
    "markers": ["mine"],
    "max_interval_seconds": 600,
    "silence_minutes": 30,
}
ALL_REFUSED = {"bucket", "markers", "failure_markers", "max_interval_seconds", "silence_minutes"}


def test_all_that_does_not_fit_the_monitor_is_told_at_once() -> None:
    def program() -> None:
        monitor = Monitor(
            "shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}], "s3_events": True, "markers": ["done"]}
        )
        TrainingRun("llama-ft", ALL_WRONG, monitor=monitor)  # pyright: ignore[reportArgumentType]

    with pytest.raises(NotWatchedError, match="TrainingRun 'llama-ft': 5 problems") as caught:
        record(program)
    assert {problem.field for problem in caught.value.problems} == ALL_REFUSED


def test_all_that_does_not_fit_is_told_at_once_when_outputs_resolve() -> None:
    def program() -> None:
        later = {field: pulumi.Output.from_input(ALL_WRONG[field]) for field in ("prefix", "max_interval_seconds")}
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}]})
        TrainingRun("llama-ft", {**BASE, **later}, monitor=monitor)  # pyright: ignore[reportArgumentType]

    with pytest.raises(ValueError, match=r"(?s)2 problems.*bucket: s3://outputs/elsewhere/.*max_interval_seconds: got"):
        record(program)


def _secret(value: Any) -> Any:
    return pulumi.Output.secret(value)


@pytest.mark.parametrize(
    ("watch", "run", "field"),
    [
        ({}, {"bucket": lambda: _secret("hunter2")}, "bucket"),
        ({}, {"bucket": str, "prefix": lambda: _secret("hunter2")}, "bucket"),
        ({"prefix": lambda: _secret("hunter2")}, {}, "bucket"),
        ({}, {"s3_events": lambda: True, "markers": lambda: [_secret("hunter2")]}, "markers"),
        ({}, {"max_interval_seconds": lambda: _secret(3540)}, "max_interval_seconds"),
    ],
)
def test_no_error_about_the_monitor_shows_a_secret(watch: dict[str, Any], run: dict[str, Any], field: str) -> None:
    def program() -> None:
        entry = {"bucket": "outputs", **{key: make() for key, make in watch.items()}}
        made = {key: make() or "another" for key, make in run.items()}
        monitor = Monitor("shared", {"watch": [entry], "s3_events": True})  # pyright: ignore[reportArgumentType]
        TrainingRun("llama-ft", {**BASE, **made}, monitor=monitor)  # pyright: ignore[reportArgumentType]

    with pytest.raises(ValueError, match=rf"  {field}: ") as caught:
        record(program)
    assert "hunter2" not in str(caught.value)
    assert "3540" not in str(caught.value)
    assert "secret, which is not shown" in str(caught.value)


def test_a_monitor_without_runs_has_no_alarm_for_silence() -> None:
    recorded = record(lambda: Monitor("shared", {"watch": [{"bucket": "outputs"}]}))
    assert [each.name for each in recorded.of("MetricAlarm") if "silence" in each.name] == []


def test_silence_is_an_alarm_from_the_first_check_of_the_first_run_on() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        for name in ("first", "second"):
            TrainingRun(name, BASE, monitor=monitor)

    made = [f"{each.type.rpartition(':')[2]} {each.name}" for each in record(program).resources]
    assert [title for title in made if "silence" in title] == ["MetricAlarm shared-silence"]
    assert made.index("MetricAlarm shared-silence") > made.index("Invocation first-first-check")


def test_a_run_whose_first_check_fails_gives_its_monitor_no_alarm_for_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    register: Any = vars(mocks.MockMonitor)["RegisterResource"]
    registered: list[str] = []

    def fail(self: Any, request: Any) -> Any:
        registered.append(request.name)
        if request.name == "first-first-check":
            raise RuntimeError("not watched")
        return register(self, request)

    def program() -> None:
        TrainingRun("first", BASE, monitor=Monitor("shared", {"watch": [{"bucket": "outputs"}]}))

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", fail)
    with pytest.raises(Exception, match="not watched"):
        record(program)
    assert "first-first-check" in registered
    assert "shared-silence" not in registered


def test_the_alarm_for_silence_is_the_same_when_its_first_run_is_removed() -> None:
    def alarm(*names: str) -> Resource:
        def program() -> None:
            monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
            for name in names:
                TrainingRun(name, BASE, monitor=monitor)

        return record(program).one("MetricAlarm", "shared-silence")

    assert alarm("first", "second") == alarm("second")
    assert alarm("second").depends_on == ()
