"""One arg that is unknown, secret or None says nothing about the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import mocks

from runctl_component import InvalidArgs, Monitor, MonitorArgs, TrainingRun, TrainingRunArgs
from runctl_component.training_run.fits_monitor import OF_THE_MONITOR

from ..forms import ALL, BASE, registered
from ..recording import Recorded, record, unknown

SEALED = "4dabf18193072939515e22adb298388d"
"""The key by which the engine knows a secret on the wire."""
PLAIN = {"code", "dashboard", "s3_events", "spot"}
ABSENT = {"user_data", "spot_max_price", "monitor", "policy_arns"}
WITHOUT_USER_DATA = set(TrainingRunArgs.__annotations__) - PLAIN - ABSENT
"""Of a run with a monitor of its own."""
OF_THE_RUNNER = ("command", "environment", "secrets", "server_side_encryption")
WITH_USER_DATA = WITHOUT_USER_DATA - {*OF_THE_RUNNER} | {"user_data"}
NESTED: dict[str, Callable[[], Any]] = {
    "security_group_ids": lambda: [unknown()],
    "environment": lambda: {"A": unknown(), "B": "c"},
    "secrets": lambda: {"A": unknown()},
    "policy_arns": lambda: [unknown()],
    "markers": lambda: [unknown(), "done"],
    "failure_markers": lambda: [unknown()],
    "expected_outputs": lambda: [unknown()],
    "checkpoint_patterns": lambda: [unknown()],
    "idle": lambda: {"metric": unknown(), "threshold": unknown(), "minutes": unknown(), "warm_up_minutes": unknown()},
    "stalled": lambda: {"patterns": unknown(), "minutes": unknown()},
    "tags": lambda: {"team": unknown(), "cost": "42"},
}
WATCH = {"watch": [{"bucket": "outputs"}], "s3_events": True}


def _names(program: Callable[[], object]) -> list[tuple[str, str]]:
    return record(program, preview=True).names()


@pytest.mark.parametrize("more", [{}, {"spot": "one-time"}, {"s3_events": True}, {"s3_events": False}])
@pytest.mark.parametrize("fields", [WITHOUT_USER_DATA, WITH_USER_DATA])
def test_a_preview_with_every_input_unknown_registers_the_same_resources(
    fields: set[str], more: dict[str, Any]
) -> None:
    known: dict[str, Any] = {**ALL, **more, "iam_instance_profile": "training", "on_deadline": "report"}
    known["policy_arns"] = None
    known.update({"on_complete": "terminate", "terminate_after_days": None})
    without_runner = {**dict.fromkeys((*OF_THE_RUNNER, "code")), "user_data": "#!/bin/sh"}
    start = {"command": "x"} if "command" in fields else without_runner
    known.update({**start, "on_failure": "terminate"})
    plain = {field: known[field] for field in PLAIN if field in known}

    def program() -> None:
        args = {**dict.fromkeys(fields), **{field: unknown() for field in fields}, **plain}
        TrainingRun("llama-ft", cast("TrainingRunArgs", args))

    assert _names(program) == registered(known, preview=True).names()


@pytest.mark.parametrize("field", NESTED)
def test_what_is_unknown_within_an_arg_changes_no_resources(field: str) -> None:
    def program() -> None:
        TrainingRun("llama-ft", cast("TrainingRunArgs", {**ALL, field: NESTED[field]()}))

    assert _names(program) == registered(ALL, preview=True).names()


def test_a_shared_monitor_and_its_run_of_which_all_is_unknown_register_the_same_resources() -> None:
    def program(value: Callable[[object], Any]) -> Callable[[], object]:
        def declare() -> None:
            watch = {"bucket": value("outputs"), "prefix": value("runs"), "kms_key_arn": value(ALL["kms_key_arn"])}
            args = {
                "watch": [watch],
                "s3_events": True,
                "notify_key_arn": value(ALL["notify_key_arn"]),
                "notify_topic_arn": value(ALL["notify_topic_arn"]),
                "log_retention_days": value(30),
                "silence_minutes": value(60),
            }
            monitor = Monitor("shared", cast("MonitorArgs", args))
            others = {*PLAIN, "policy_arns", *OF_THE_MONITOR}
            run = {field: value(ALL[field]) for field in ALL if field not in others}
            run.update({"s3_events": True, "markers": value(["done"]), "failure_markers": value(["FAILED"])})
            TrainingRun("llama-ft", cast("TrainingRunArgs", run), monitor=monitor)

        return declare

    assert _names(program(lambda _: unknown())) == _names(program(lambda known: known))


def _with(field: str, value: Callable[[], object], **more: Any) -> Recorded:
    """A preview of a run of which one arg is made when the program runs, as Outputs must be."""

    def program() -> dict[str, Any]:
        given = {name: other() if callable(other) else other for name, other in more.items()}
        run = TrainingRun("llama-ft", cast("TrainingRunArgs", {**BASE, **given, field: value()}))
        return {
            "plan": run.plan,
            "plan is secret": pulumi.Output.from_input(run.plan.is_secret()),
            "output_uri": run.output_uri,
            "output_uri is secret": pulumi.Output.from_input(run.output_uri.is_secret()),
        }

    return record(program, preview=True)


def test_an_unknown_bucket_hides_nothing_but_what_the_bucket_stands_in() -> None:
    recorded = _with("bucket", unknown, tags={"team": "nlp"})
    instance = recorded.one("Instance", "llama-ft").inputs
    assert recorded.outputs["plan"]["first_checks_seconds"][:2] == [30, 90]
    assert recorded.outputs["output_uri"] is None
    assert instance["instanceType"] == "g5.xlarge"
    assert instance["rootBlockDevice"]["volumeSize"] == 100
    assert instance["instanceInitiatedShutdownBehavior"] == "stop"
    assert (instance["tags"]["team"], instance["tags"]["runctl:run"]) == ("nlp", "llama-ft")
    assert isinstance(instance["tags"]["runctl:output"], type(pulumi.UNKNOWN))
    assert recorded.one("Schedule", "llama-ft-heartbeat").inputs["scheduleExpression"] == "rate(5 minutes)"


def test_an_unknown_tag_hides_no_other() -> None:
    recorded = _with("tags", lambda: {"team": unknown(), "cost": "42"})
    for tags in (
        recorded.one("Instance", "llama-ft").inputs["tags"],
        recorded.one("Instance", "llama-ft").inputs["rootBlockDevice"]["tags"],
    ):
        assert tags["cost"] == "42"
        assert isinstance(tags["team"], type(pulumi.UNKNOWN))


def test_a_secret_in_the_environment_makes_no_other_output_secret() -> None:
    recorded = _with("environment", lambda: {"TOKEN": pulumi.Output.secret("hunter2")})
    assert (recorded.outputs["plan is secret"], recorded.outputs["output_uri is secret"]) == (False, False)
    assert recorded.outputs["output_uri"] == "s3://outputs/team/dev/llama-ft/"
    assert recorded.one("Instance", "llama-ft").inputs["tags"]["runctl:output"] == "outputs/team/dev/llama-ft/"
    assert SEALED in recorded.one("Instance", "llama-ft").inputs["userData"]


OPTIONAL = sorted(
    WITHOUT_USER_DATA - {"bucket", "command", "ami", "iam_instance_profile"},
)


@pytest.mark.parametrize("field", OPTIONAL)
def test_an_output_of_none_is_an_arg_that_was_not_given(field: str) -> None:
    def inputs(recorded: Recorded, kind: str, name: str) -> dict[str, Any]:
        return {key: value for key, value in recorded.one(kind, name).inputs.items() if value is not None}

    resolved = record(
        lambda: TrainingRun("llama-ft", cast("TrainingRunArgs", {**BASE, field: pulumi.Output.from_input(None)}))
    )
    absent = registered(BASE)
    assert resolved.names() == absent.names()
    for kind, name in (("Instance", "llama-ft"), ("Schedule", "llama-ft-heartbeat")):
        assert inputs(resolved, kind, name) == inputs(absent, kind, name)
    policy = ("RolePolicy", "llama-ft-monitor-function")
    assert inputs(resolved, *policy)["policy"] == inputs(absent, *policy)["policy"]


@pytest.mark.parametrize("field", ["ami", "iam_instance_profile", "bucket", "monitor"])
def test_an_output_of_none_is_refused_where_it_would_decide_what_there_is(field: str) -> None:
    with pytest.raises(ValueError, match=rf"{field}: (an Output of None|missing); accepted: a value"):
        _with(field, lambda: pulumi.Output.from_input(None))


def test_a_spot_price_that_resolves_to_none_needs_no_spot() -> None:
    assert _with("spot_max_price", lambda: pulumi.Output.from_input(None)).one("Instance", "llama-ft")


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("grace_seconds", 7200, "grace_seconds: got 7200; accepted: less than max_runtime_hours"),
        ("max_interval_seconds", 90, "max_interval_seconds: got 90"),
        ("environment", {"A": 5}, r"environment\.A: a value of type int; "),
        ("command", "x" * 14_000, "command: 14000 bytes;"),
        ("spot_max_price", "1", "spot_max_price: got '1'; accepted: only with spot"),
    ],
)
def test_what_resolves_to_something_wrong_launches_nothing(
    field: str, value: object, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered_types: list[str] = []
    register: Any = vars(mocks.MockMonitor)["RegisterResource"]

    def note(self: Any, request: Any) -> Any:
        registered_types.append(request.type)
        return register(self, request)

    def program() -> None:
        run = {**BASE, "max_runtime_hours": 1, field: pulumi.Output.from_input(value)}
        TrainingRun("llama-ft", cast("TrainingRunArgs", run))

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", note)
    with pytest.raises(ValueError, match=rf"(?s){found}"):
        record(program)
    assert "aws:ec2/instance:Instance" not in registered_types


def test_what_resolves_is_refused_in_a_preview_though_other_things_are_unknown() -> None:
    with pytest.raises(ValueError, match="initial_interval_seconds: got 5"):
        _with("bucket", unknown, initial_interval_seconds=lambda: pulumi.Output.from_input(5))


def test_all_that_resolved_wrong_stands_in_one_error() -> None:
    with pytest.raises(ValueError, match="2 problems") as caught:
        _with(
            "grace_seconds",
            lambda: pulumi.Output.from_input(-1),
            instance_type=lambda: pulumi.Output.from_input("g5"),
        )
    assert {"grace_seconds", "instance_type"} <= set(re.findall(r"(\w+): got", str(caught.value)))


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("environment", {"TOKEN": "hunter2" * 1000}, "environment.TOKEN: a secret, which is not shown"),
        ("prefix", "hunter2/../x", "prefix: a secret, which is not shown"),
        ("command", "hunter2\0", "command: a secret, which is not shown"),
    ],
)
def test_no_error_shows_what_is_secret(field: str, value: object, accepted: str) -> None:
    with pytest.raises(ValueError, match="problem") as caught:
        _with(field, lambda: pulumi.Output.secret(value))
    assert "hunter2" not in str(caught.value)
    assert accepted in str(caught.value)


def test_a_secret_that_another_arg_contradicts_is_not_shown_either() -> None:
    with pytest.raises(ValueError, match="accepted: what fits max_interval_seconds") as caught:
        _with("max_interval_seconds", lambda: pulumi.Output.secret(240), initial_interval_seconds=300)
    assert "240" not in str(caught.value)


def _shared(own: Callable[[], dict[str, Any]], **monitor: Any) -> Callable[[], None]:
    def program() -> None:
        shared = Monitor("shared", cast("MonitorArgs", {**WATCH, **monitor}))
        run = {**BASE, "s3_events": True, **own()}
        TrainingRun("llama-ft", cast("TrainingRunArgs", run), monitor=shared)

    return program


@pytest.mark.parametrize(
    "markers",
    [
        lambda: {"markers": pulumi.Output.from_input(["finished"])},
        lambda: {"markers": [pulumi.Output.from_input("finished")]},
        lambda: {"failure_markers": pulumi.Output.from_input(["finished"])},
    ],
)
def test_markers_that_resolve_to_some_that_the_monitor_does_not_hear_are_refused(
    markers: Callable[[], dict[str, Any]],
) -> None:
    with pytest.raises(ValueError, match=r"markers: got \['finished'\]; accepted: with s3_events"):
        record(_shared(markers))


def test_markers_that_resolve_to_some_that_the_monitor_hears_are_accepted() -> None:
    program = record(_shared(lambda: {"markers": pulumi.Output.from_input(["done"])}))
    assert program.one("Instance", "llama-ft")


def test_default_markers_are_compared_with_what_the_monitor_hears_too() -> None:
    with pytest.raises(ValueError, match=r"markers: got \['training_complete.txt'"):
        record(_shared(dict, markers=["ok"]))


@pytest.mark.parametrize("monitor", ["shared", {"watch": []}, 5])
def test_what_is_no_monitor_is_refused(monitor: Any) -> None:
    with pytest.raises(InvalidArgs, match=r"monitor: .*; accepted: the output handle of a Monitor"):
        TrainingRun("llama-ft", BASE, monitor=monitor)
