"""What a monitor registers, and how each part of it is set."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from runctl_component import Monitor, policies
from runctl_component.args.defaults import normal_prefix
from runctl_component.monitor.event_patterns import shared_pattern
from runctl_component.monitor.naming import dashboard_name, function_description
from runctl_component.policy_documents import to_json
from runctl_component.stack.shared_monitor import shared_monitor_args

from ..forms import BASE, TOPIC, registered
from ..recording import Recorded, record

PREFIXES = [{"bucket": "outputs", "prefix": "runs"}]


def _monitor(**args: Any) -> Recorded:
    return record(lambda: Monitor("shared", {"watch": PREFIXES, **args}))  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def default() -> Recorded:
    return _monitor(s3_events=True)


def _arn(name: str) -> str:
    return f"arn:aws:any:us-east-1:123456789012:{name}"


def test_the_function_fits_its_work(default: Recorded) -> None:
    function = default.one("Function", "shared-function").inputs
    assert (function["memorySize"], function["timeout"]) == (256, 900)
    assert (function["runtime"], function["architectures"]) == ("python3.13", ["arm64"])
    assert function["handler"] == "monitor_runtime.handler.handler"


def test_a_check_that_fails_is_tried_once_more_soon_and_then_kept(default: Recorded) -> None:
    delivery = default.one("FunctionEventInvokeConfig", "shared-delivery").inputs
    assert delivery["maximumRetryAttempts"] == 1
    assert delivery["maximumEventAgeInSeconds"] == 300
    assert delivery["destinationConfig"] == {"onFailure": {"destination": _arn("shared-dead-letters")}}


@pytest.mark.parametrize(("given", "days"), [({}, 30), ({"log_retention_days": 7}, 7)])
def test_logs_are_kept_as_long_as_asked_for(given: dict[str, int], days: int) -> None:
    assert _monitor(**given).one("LogGroup", "shared-log").inputs["retentionInDays"] == days


def test_the_function_logs_as_json_into_the_group_that_was_there_first(default: Recorded) -> None:
    function = default.one("Function", "shared-function")
    assert default.one("LogGroup", "shared-log").urn in function.depends_on
    assert function.inputs["loggingConfig"] == {"logFormat": "JSON", "logGroup": "shared-log"}


def test_the_function_has_its_rights_before_it_is_there(default: Recorded) -> None:
    assert default.one("RolePolicy", "shared-function").urn in default.one("Function", "shared-function").depends_on


def test_the_queue_is_encrypted_and_keeps_for_two_weeks(default: Recorded) -> None:
    queue = default.one("Queue", "shared-dead-letters").inputs
    assert queue["sqsManagedSseEnabled"] is True
    assert queue["messageRetentionSeconds"] == 14 * 86_400


@pytest.mark.parametrize("rule", ["shared-spot", "shared-audit", "shared-markers-1"])
def test_an_event_that_cannot_be_delivered_is_kept(default: Recorded, rule: str) -> None:
    target = default.one("EventTarget", rule).inputs
    assert target["deadLetterConfig"] == {"arn": _arn("shared-dead-letters")}
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 300, "maximumRetryAttempts": 3}
    assert target["arn"] == _arn("shared-function")


def test_the_audit_comes_each_hour_by_a_rule_of_eventbridge(default: Recorded) -> None:
    assert default.one("EventRule", "shared-audit").inputs["scheduleExpression"] == "rate(1 hour)"
    assert json.loads(default.one("EventTarget", "shared-audit").inputs["input"]) == {"trigger": "audit"}


@pytest.mark.parametrize("rule", ["shared-spot", "shared-audit", "shared-markers-1"])
def test_the_function_is_invoked_by_its_own_rules_alone(default: Recorded, rule: str) -> None:
    permission = default.one("Permission", rule).inputs
    assert permission["sourceArn"] == _arn(rule)
    assert (permission["principal"], permission["action"]) == ("events.amazonaws.com", "lambda:InvokeFunction")


def test_without_s3_events_no_bucket_is_listened_to() -> None:
    assert {each.name for each in _monitor().of("EventRule")} == {"shared-spot", "shared-audit"}


def test_a_topic_is_told_to_the_function_which_may_publish_to_it() -> None:
    recorded = _monitor(notify_topic_arn=TOPIC)
    variables = recorded.one("Function", "shared-function").inputs["environment"]["variables"]
    allowed = json.loads(recorded.one("RolePolicy", "shared-function").inputs["policy"])["Statement"]
    assert variables["RUNCTL_NOTIFY_TOPIC_ARN"] == TOPIC
    assert [each["Resource"] for each in allowed if each["Action"] == ["sns:Publish"]] == [[TOPIC]]


def test_a_run_has_its_own_monitor_tell_its_topic() -> None:
    function = registered({**BASE, "notify_topic_arn": TOPIC}).one("Function", "llama-ft-monitor-function")
    assert function.inputs["environment"]["variables"]["RUNCTL_NOTIFY_TOPIC_ARN"] == TOPIC


@pytest.mark.parametrize(
    ("topic", "accepted"),
    [
        ("arn:aws:sns:eu-west-1:123456789012:trainings", "a topic in us-east-1, the region of the monitor"),
        ("arn:aws:sns:us-east-1:123456789012:trainings.fifo", "not FIFO"),
    ],
)
@pytest.mark.parametrize("wrap", [str, pulumi.Output.from_input], ids=["plain", "output"])
def test_a_topic_to_which_nothing_could_be_published_is_refused(topic: str, accepted: str, wrap: Any) -> None:
    def program() -> None:
        Monitor("shared", {"watch": [{"bucket": "outputs"}], "notify_topic_arn": wrap(topic)})

    with pytest.raises(
        ValueError, match=rf"(?s)notify_topic_arn: got '{topic}'; accepted: .*({accepted}|not of a FIFO)"
    ):
        record(program)


def test_equal_titles_of_other_monitors_are_other_dashboards() -> None:
    assert dashboard_name("a/b-c/runs") != dashboard_name("a-b/c/runs")
    assert dashboard_name("a/b-c/runs") == dashboard_name("a/b-c/runs")
    assert dashboard_name("a/b.c d/runs").startswith("runctl-a-b-c-d-runs-")


@pytest.mark.parametrize(("given", "known"), [({}, True), ({"dashboard": False}, False)])
def test_the_output_names_the_dashboard_if_there_is_one(given: dict[str, Any], known: bool) -> None:
    def program() -> dict[str, Any]:
        args: Any = {"watch": PREFIXES, **given}
        return {"name": Monitor("shared", args).dashboard_name}

    recorded = record(program)
    assert recorded.outputs["name"] == (dashboard_name("team/dev/shared") if known else None)
    assert len(recorded.of("Dashboard")) == int(known)


def test_what_is_named_after_a_long_stack_still_fits() -> None:
    tag = f"{'p' * 100}/{'s' * 100}/{'m' * 45}"
    others = f"{'p' * 100}/{'s' * 100}/{'m' * 44}n"
    assert len(dashboard_name(tag)) <= 255
    assert dashboard_name(tag) != dashboard_name(others)
    assert len(function_description(tag)) <= 256


def test_the_description_names_the_monitor(default: Recorded) -> None:
    description = default.one("Function", "shared-function").inputs["description"]
    assert description == "Watches and ends the training runs of team/dev/shared"


def _declared_for(runs: int, **monitor: Any) -> tuple[str, str]:
    """Policy and event pattern of the monitor of so many runs."""
    declared = {f"r{n}": {**BASE, "prefix": f"team/r{n}"} for n in range(runs)}
    args = shared_monitor_args("runs", "team/dev/runs", declared, monitor)
    places = [(str(entry["bucket"]), normal_prefix(entry.get("prefix"))) for entry in args["watch"]]
    policy = policies.monitor_policy(
        partition="aws",
        region="us-east-1",
        account_id="123456789012",
        monitor="team/dev/runs",
        schedule_group="group",
        scheduler_role_arn="arn:aws:iam::123456789012:role/scheduler",
        dead_letter_arn=_arn("dead-letters"),
        log_group_name="log",
        stop_document="stop",
        watch=places,
    )
    pattern = shared_pattern("outputs", [prefix for _, prefix in places], args.get("markers", ()))
    return to_json(policy), pattern


def test_a_monitor_does_not_grow_with_its_runs() -> None:
    watch = [{"bucket": "outputs", "prefix": "team"}]
    assert _declared_for(200, watch=watch) == _declared_for(1, watch=watch)


def test_a_monitor_that_finds_out_where_its_runs_write_does_not_grow_either() -> None:
    (policy, pattern), (policy_of_one, pattern_of_one) = _declared_for(200), _declared_for(1)
    assert len(policy) <= len(policy_of_one)
    assert len(pattern) <= len(pattern_of_one)
