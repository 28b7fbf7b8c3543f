"""The args of a monitor: refused, given as None, and resolved late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest

from runctl_component import InvalidArgs, Monitor, MonitorArgs
from runctl_component.args.monitor_handle import Watched
from runctl_component.args.monitor_rules import MAX_NAME_CHARACTERS

from ..forms import KEY
from ..recording import Recorded, record

WATCH: dict[str, Any] = {"watch": [{"bucket": "outputs"}]}


def _monitor(args: dict[str, Any] | None = None, *, name: str = "shared") -> Recorded:
    """What is callable makes an Output, which must be done while the program runs."""

    def program() -> None:
        given = {field: value() if callable(value) else value for field, value in {**WATCH, **(args or {})}.items()}
        Monitor(name, cast("MonitorArgs", given))

    return record(program)


@pytest.mark.parametrize("args", [None, [], "watch", 5])
def test_args_that_are_no_object_are_refused(args: Any) -> None:
    with pytest.raises(InvalidArgs, match="args: got"):
        Monitor("shared", args)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("silence_minutes", "abc"),
        ("silence_minutes", -5),
        ("log_retention_days", 31),
        ("notify_topic_arn", 5),
        ("notify_key_arn", "alias/topic"),
        ("notify_topic_arn", "arn:aws:sns:us-east-1:123456789012:t.fifo"),
    ],
)
def test_a_value_is_checked_when_it_resolves(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"(?s)Monitor 'shared'.*{field}: got"):
        _monitor({field: lambda: pulumi.Output.from_input(value)})


def test_a_key_for_a_topic_that_is_not_named_is_refused() -> None:
    with pytest.raises(InvalidArgs, match=r"notify_key_arn: got .*; accepted: only with notify_topic_arn"):
        _monitor({"notify_key_arn": KEY})


@pytest.mark.parametrize(("field", "value"), [("s3_events", True), ("markers", ["done"]), ("dashboard", False)])
def test_what_decides_about_resources_must_be_known_when_the_program_runs(field: str, value: object) -> None:
    with pytest.raises(InvalidArgs, match=f"{field}: an Output; accepted: a plain value"):
        _monitor({field: lambda: pulumi.Output.from_input(value)})


def _output() -> pulumi.Output[str]:
    return pulumi.Output.from_input("outputs")


@pytest.mark.parametrize(
    ("watch", "message"),
    [
        (_output, "watch: an Output; accepted: a list of 1 to 50 objects"),
        (lambda: [_output()], r"watch\[0\]: an Output; accepted: .*; write it as an object .* may be Outputs"),
        (lambda: [{"bucket": [_output()]}], r"watch\[0\]\.bucket: got .*; accepted: an S3 bucket name"),
    ],
)
def test_places_to_watch_are_listed_one_by_one(watch: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidArgs, match=message):
        _monitor({"watch": watch})


def test_an_entry_of_watch_is_checked_when_it_resolves() -> None:
    with pytest.raises(ValueError, match=r"(?s)Monitor 'shared'.*watch\[0\]\.bucket: got 'Not A Bucket'"):
        _monitor({"watch": lambda: [{"bucket": pulumi.Output.from_input("Not A Bucket")}]})


@pytest.mark.parametrize("field", ["silence_minutes", "log_retention_days"])
def test_an_argument_that_resolves_wrong_is_named_beside_one_that_is_right(field: str) -> None:
    right = {"silence_minutes": 20, "log_retention_days": 7}
    resolved = {**right, field: 2}
    with pytest.raises(ValueError, match=rf"(?s)Monitor 'shared': 1 problem\n  {field}: got 2;"):
        _monitor({name: lambda value=value: pulumi.Output.from_input(value) for name, value in resolved.items()})


def test_what_is_made_of_one_argument_does_not_wait_for_the_others() -> None:
    def of_resource(name: str, value: str) -> pulumi.Output[str]:
        return pulumi.CustomResource("team:index:Any", name, {}).urn.apply(lambda _: value)

    def program() -> None:
        bucket = of_resource("bucket", "outputs")
        topic = of_resource("topic", "arn:aws:sns:us-east-1:123456789012:trainings")
        Monitor("shared", {"watch": [{"bucket": bucket}], "notify_topic_arn": topic})

    alarm = record(program).one("MetricAlarm", "shared-errors")
    assert [urn.rpartition(":")[2] for urn in alarm.depends_on if "team:index:Any" in urn] == ["topic"]


def test_an_error_shows_no_secret() -> None:
    with pytest.raises(ValueError, match="notify_topic_arn: a secret, which is not shown") as caught:
        _monitor({"notify_topic_arn": lambda: pulumi.Output.secret("hunter2.fifo")})
    assert "hunter2" not in str(caught.value)


def test_a_declared_entry_is_watched_with_the_slash_that_makes_a_folder_of_its_prefix() -> None:
    assert Watched.of({"bucket": "outputs", "prefix": "runs"}) == Watched("outputs", "runs/")
    assert Watched.of({"bucket": "outputs", "prefix": None, "kms_key_arn": KEY}) == Watched("outputs", "", KEY)


OPTIONAL = [
    "s3_events",
    "markers",
    "dashboard",
    "notify_key_arn",
    "notify_topic_arn",
    "log_retention_days",
    "silence_minutes",
]


@pytest.mark.parametrize("field", OPTIONAL)
def test_none_is_an_arg_that_was_not_given(field: str) -> None:
    assert _inputs(_monitor({field: None})) == _inputs(_monitor())


@pytest.mark.parametrize("field", ["notify_topic_arn", "notify_key_arn", "log_retention_days", "silence_minutes"])
def test_an_output_of_none_is_an_arg_that_was_not_given(field: str) -> None:
    changed = _inputs(_monitor({field: lambda: pulumi.Output.from_input(None)}))
    environment = changed["aws:lambda/function:Function shared-function"]["environment"]["variables"]
    assert not environment.pop("RUNCTL_NOTIFY_TOPIC_ARN", "")
    assert changed == _inputs(_monitor())


def test_an_output_of_none_in_watch_is_a_field_that_was_not_given() -> None:
    def watch() -> list[dict[str, Any]]:
        none = {field: pulumi.Output.from_input(None) for field in ("prefix", "kms_key_arn")}
        return [{"bucket": "outputs", **none}]

    assert _inputs(_monitor({"watch": watch})) == _inputs(_monitor())


def _inputs(recorded: Recorded) -> dict[str, Any]:
    return {f"{each.type} {each.name}": {**each.inputs, "code": None} for each in recorded.resources}


def test_the_longest_name_is_accepted_and_one_letter_more_is_not() -> None:
    assert _monitor(name="m" * MAX_NAME_CHARACTERS).resources
    with pytest.raises(InvalidArgs, match=f"name: got .*; accepted: at most {MAX_NAME_CHARACTERS} characters"):
        _monitor(name="m" * (MAX_NAME_CHARACTERS + 1))


def test_the_key_of_a_watched_bucket_is_the_monitors_to_read_with() -> None:
    policy = _monitor({"watch": [{"bucket": "outputs", "kms_key_arn": KEY}]}).one("RolePolicy", "shared-function")
    assert KEY in policy.inputs["policy"]
