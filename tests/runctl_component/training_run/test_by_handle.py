"""A run that is given the handle of a monitor: of its own program, of another one, or in another language."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pulumi
import pytest

from runctl_component import InvalidArgs, Monitor, NotWatchedError, TrainingRun

from ..forms import BASE, TOPIC
from ..recording import ACCOUNT_ID, Recorded, record, unknown

WATCH: dict[str, Any] = {"watch": [{"bucket": "outputs"}], "s3_events": True, "notify_topic_arn": TOPIC}
SEALED = "4dabf18193072939515e22adb298388d"
"""The key by which the engine knows a secret on the wire."""


@cache
def _exported() -> str:
    def program() -> dict[str, Any]:
        return {"handle": Monitor("shared", WATCH).handle}  # pyright: ignore[reportArgumentType]

    return record(program, project="platform", stack="prod").outputs["handle"]


def _handle(**changed: Any) -> str:
    return json.dumps({**json.loads(_exported()), **changed})


def _run(name: str = "llama-ft", *, monitor: Any, **args: Any) -> TrainingRun:
    return TrainingRun(name, {**BASE, **args}, monitor=monitor)  # pyright: ignore[reportArgumentType]


def _by_handle(make: Callable[[], Any], **args: Any) -> Recorded:
    preview = args.pop("preview", False)
    return record(lambda: {"plan": _run(monitor=make(), **args).plan}, preview=preview)


def later(handle: str) -> pulumi.Output[str]:
    """As a StackReference gives it."""
    return pulumi.Output.from_input(handle)


def _of_run(recorded: Recorded) -> dict[str, tuple[dict[str, Any], tuple[str, ...]]]:
    """The run's own resources; what they depend on of each other."""
    own = [each for each in recorded.resources if each.name == "llama-ft" or each.name.startswith("llama-ft-")]
    mine = {each.urn for each in own}
    return {
        each.title: (each.inputs, tuple(urn for urn in each.depends_on if urn in mine))
        for each in own
        if not each.title.endswith("-silence")
    }


@pytest.mark.parametrize("make", [_handle, lambda: later(_handle())], ids=["a text", "an Output"])
def test_a_run_by_handle_is_the_same_run(make: Callable[[], Any]) -> None:
    def program() -> None:
        _run(monitor=Monitor("shared", WATCH), s3_events=True)  # pyright: ignore[reportArgumentType]

    by_monitor = record(program, project="platform", stack="prod")
    by_handle = record(lambda: _run(monitor=make(), s3_events=True), project="platform", stack="prod")
    assert len(_of_run(by_handle)) > 6
    assert _of_run(by_handle) == _of_run(by_monitor)
    assert not by_handle.of("Function")


def test_the_handle_may_stand_among_the_args() -> None:
    among = record(lambda: TrainingRun("llama-ft", {**BASE, "monitor": _handle()}))
    assert _of_run(among) == _of_run(_by_handle(_handle))


def test_a_run_waits_for_all_of_a_monitor_whose_handle_it_gets_in_its_own_program() -> None:
    def program() -> None:
        _run(monitor=Monitor("shared", WATCH).handle)  # pyright: ignore[reportArgumentType]

    depends_on = record(program).one("Schedule", "llama-ft-heartbeat").depends_on
    assert {urn.rpartition("::")[2] for urn in depends_on} >= {"shared-function", "shared-scheduler", "shared-spot"}


def test_a_preview_with_a_handle_that_is_still_unknown_shows_the_rest() -> None:
    recorded = _by_handle(unknown, preview=True)
    assert recorded.names() == _by_handle(_handle, preview=True).names()
    instance = recorded.one("Instance", "llama-ft").inputs
    assert "python train.py" in instance["userData"]
    assert instance["tags"]["runctl:run"] == "llama-ft"
    assert recorded.outputs["plan"]["first_checks_seconds"][:2] == [30, 90]


@pytest.mark.parametrize("there", [True, False])
def test_the_plan_of_a_run_by_handle_counts_the_dashboard_of_its_monitor(there: bool) -> None:
    recorded = _by_handle(lambda: _handle(dashboard=there))
    assert (recorded.outputs["plan"]["monitor_dollars_per_day"]["dashboard"] > 0) is there


def _shown(recorded: Recorded) -> str:
    """What the engine shows of the inputs."""
    return str([value for each in recorded.resources for value in each.inputs.values() if SEALED not in str(value)])


def test_a_secret_handle_stays_one_and_works() -> None:
    recorded = _by_handle(lambda: pulumi.Output.secret(_handle()))
    instance = recorded.one("Instance", "llama-ft").inputs
    assert SEALED in instance["tags"]
    assert "platform/prod/shared" not in _shown(recorded)
    assert "python train.py" in instance["userData"]
    assert recorded.one("Invocation", "llama-ft-first-check")


@pytest.fixture(scope="module", autouse=True)
def exported() -> None:
    """At first: a program cannot be evaluated within another one."""
    _exported()


BROKEN: dict[str, tuple[Callable[[], str], str]] = {
    "empty": (str, "monitor: an empty text; accepted: the output handle of a Monitor"),
    "cut off": (lambda: _handle()[:300], "monitor: a handle that is cut off or changed, a text of 300 characters"),
    "version": (
        lambda: _handle(version=2),
        "monitor: a handle of version 2; accepted: version 1; use the same release",
    ),
    "name": (lambda: "shared", "monitor: no handle, a text of 6 characters"),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_handle_is_refused_before_anything_is_registered(make: Callable[[], str], message: str) -> None:
    with pytest.raises(InvalidArgs, match=message):
        TrainingRun("llama-ft", BASE, monitor=make())


def _registered_before_failing(make: Callable[[], Any], message: str, **args: Any) -> set[str]:
    """The kinds of resources that the engine was asked for by a program that fails so."""
    recorded = Recorded()
    with pytest.raises(Exception, match=message):
        record(lambda: _run(monitor=make(), **args), into=recorded)
    return {each.title.split()[0] for each in recorded.resources}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN)
def test_an_output_that_is_no_handle_lets_nothing_be_launched(make: Callable[[], str], message: str) -> None:
    kinds = _registered_before_failing(lambda: later(make()), message)
    assert "TrainingRun" in kinds
    assert kinds & {"Instance", "Schedule", "Invocation"} == set()


ELSEWHERE: dict[str, tuple[dict[str, Any], str]] = {
    "region": ({"region": "eu-west-1"}, "monitor: the handle of a monitor in eu-west-1; accepted: one in us-east-1"),
    "account": (
        {"function_arn": "arn:aws:lambda:us-east-1:210987654321:function:shared"},
        f"monitor: the handle of a monitor in 210987654321; accepted: one in {ACCOUNT_ID}",
    ),
}


@pytest.mark.parametrize(("changed", "message"), ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("make", [str, later], ids=["a text", "an Output"])
def test_a_monitor_elsewhere_lets_nothing_be_launched(
    make: Callable[[str], Any], changed: dict[str, Any], message: str
) -> None:
    kinds = _registered_before_failing(lambda: make(_handle(**changed)), message)
    assert "TrainingRun" in kinds
    assert kinds & {"Instance", "Schedule", "Invocation"} == set()


UNFIT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "place": ({"watch": [{"bucket": "others", "prefix": ""}]}, {}, r"bucket: s3://outputs/\w+/\w+/llama-ft/; accepted"),
    "events": ({"s3_events": False}, {"s3_events": True}, "s3_events: got True; accepted: False, since monitor"),
    "markers": ({}, {"s3_events": True, "markers": ["fin"]}, r"markers: got \['fin'\]; accepted: with s3_events"),
    "silence": ({}, {"max_interval_seconds": 600}, "max_interval_seconds: got 600; accepted: at most 300 s"),
    "topic": ({}, {"notify_topic_arn": TOPIC}, "notify_topic_arn: got .*; set it on the monitor"),
    "log": ({}, {"log_retention_days": 7}, "log_retention_days: got 7; accepted: only with .*; set it on the monitor"),
    "alarm": ({}, {"silence_minutes": 30}, "silence_minutes: got 30; accepted: only with .*; set it on the monitor"),
    "dashboard": ({}, {"dashboard": False}, "dashboard: got False; accepted: only with .*; set it on the monitor"),
}


@pytest.mark.parametrize(("changed", "args", "message"), UNFIT.values(), ids=UNFIT)
def test_a_run_that_does_not_fit_is_refused_at_once(
    changed: dict[str, Any], args: dict[str, Any], message: str
) -> None:
    with pytest.raises((InvalidArgs, NotWatchedError), match=message):
        TrainingRun("llama-ft", {**BASE, **args}, monitor=_handle(**changed))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("changed", "args", "message"), UNFIT.values(), ids=UNFIT)
def test_a_run_that_turns_out_not_to_fit_is_not_launched(
    changed: dict[str, Any], args: dict[str, Any], message: str
) -> None:
    kinds = _registered_before_failing(lambda: later(_handle(**changed)), message, **args)
    assert kinds & {"Instance", "Schedule", "Invocation"} == set()


def test_two_monitors_for_one_run_are_refused() -> None:
    with pytest.raises(InvalidArgs, match="monitor: given twice, in the args and beside them"):
        TrainingRun("llama-ft", {**BASE, "monitor": _handle()}, monitor=_handle())


def test_a_monitor_among_the_args_is_refused_with_where_it_belongs() -> None:
    def program() -> None:
        monitor: Any = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("llama-ft", {**BASE, "monitor": monitor})

    with pytest.raises(
        InvalidArgs, match=r"monitor: a value of type Monitor; .*TrainingRun\(name, args, monitor=\.\.\.\)"
    ):
        record(program)


def _silence(*handles: Callable[[], Any]) -> list[str]:
    def program() -> None:
        for number, make in enumerate(handles):
            _run(f"run-{number}", monitor=make())

    alarms = record(program).of("MetricAlarm")
    assert all(each.inputs["dimensions"] == {"monitor": "platform/prod/shared"} for each in alarms)
    assert all(each.inputs["alarmActions"] == [TOPIC] for each in alarms)
    assert all(each.inputs["period"] == 900 for each in alarms)
    return [each.name for each in alarms]


def test_the_runs_of_a_program_that_have_one_handle_have_one_alarm_for_the_silence_of_its_monitor() -> None:
    assert _silence(_handle, _handle) == ["run-0-silence"]


def test_the_same_output_is_one_handle_too() -> None:
    once: list[Any] = []

    def make() -> Any:
        once.extend([] if once else [later(_handle())])
        return once[0]

    assert _silence(make, make) == ["run-0-silence"]


def test_handles_that_may_differ_have_an_alarm_each() -> None:
    assert sorted(_silence(lambda: later(_handle()), lambda: later(_handle()))) == ["run-0-silence", "run-1-silence"]


def test_a_later_program_has_its_alarm_again() -> None:
    assert [_silence(_handle), _silence(_handle)] == [["run-0-silence"], ["run-0-silence"]]
