"""What is read of an account, and with which calls: in moto, at the boundary to AWS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import heartbeat_input
from runctl_component.status import aws
from runctl_component.status.aws import MAX_IDS, OPERATIONS, Aws
from runctl_component.status.reader import read_all
from runctl_component.status.readings import LACKS, Readings, sentence
from runctl_component.status.run_status import RunState
from runctl_component.status.scope import Scope
from runctl_component.status.statuses import statuses
from runctl_component.status.values import NothingReadableError
from sandbox.aws.boto import client
from sandbox.sandbox import sandbox

from .boundary import throttled, traffic
from .moto_account import SWITCH_TARGET, MotoAccount, create_function, create_schedule, launch
from .readings_builders import GROUP, MONITOR, RUN, SETTINGS

ALL_OPERATIONS = [operation for operations in OPERATIONS.values() for operation in operations]
RIGHTS = {operation: f"{service}:{operation}" for service in OPERATIONS for operation in OPERATIONS[service]}


@pytest.fixture
def account() -> Generator[MotoAccount]:
    with sandbox() as cloud:
        yield MotoAccount.create(cloud)


def _read(scope: Scope | None = None) -> Readings:
    return read_all(Aws(), scope or Scope())


def _told(read: Readings) -> list[tuple[str, str, RunState]]:
    return [(status.monitor, status.run, status.state) for status in statuses(read)]


def _in_every_condition(account: MotoAccount) -> None:
    """A run that trains, one without an instance, one that lost its tags."""
    account.heartbeat()
    account.switch(account.instance())
    account.follow_up("at(2030-01-01T00:00:00)")
    account.heartbeat("gone")
    account.heartbeat("lost")
    account.switch(launch())
    account.log("training")


def test_an_account_without_runs_has_none(account: MotoAccount) -> None:
    assert account.function_arn
    read = _read()
    assert (_told(read), read.unread) == ([], ())


def test_a_run_is_read_with_its_heartbeat_its_settings_and_its_last_check(account: MotoAccount) -> None:
    account.heartbeat()
    account.instance()
    account.log("training")
    read = _read()
    assert _told(read) == [(MONITOR, RUN, RunState.RUNNING)]
    assert [beat.settings is not None for beat in read.heartbeats] == [True]
    assert read.checks[MONITOR, RUN].reason == "training"
    assert read.logs_since == {MONITOR: read.at - timedelta(minutes=10)}
    assert read.unread == ()


def test_nothing_that_it_ever_sends_changes_anything(account: MotoAccount) -> None:
    _in_every_condition(account)
    with traffic() as noted:
        _read()
    sent = {(service, operation) for service, operation, _ in noted.calls}
    assert sent == {(service, operation) for service in OPERATIONS for operation in OPERATIONS[service]}
    assert [each for each in ALL_OPERATIONS if not each.startswith(("Describe", "List", "Get", "Filter"))] == []


def test_ninety_runs_that_ended_take_no_more_calls_than_one(account: MotoAccount) -> None:
    ids = [account.instance(f"run-{number}") for number in range(90)]
    for number in range(90):
        account.heartbeat(f"run-{number}")
    client("ec2").stop_instances(InstanceIds=ids)
    account.cloud.run_for(timedelta(minutes=5))
    with traffic() as noted:
        read = _read()
    assert len(statuses(read)) == 90
    counted = Counter(noted.operations)
    assert "GetSchedule" not in counted
    assert counted == {"DescribeInstances": 1, "ListSchedules": 1, "GetFunctionConfiguration": 1, "FilterLogEvents": 1}


def test_every_page_of_every_list_is_read(account: MotoAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "PAGE_SIZES", dict.fromkeys(aws.PAGE_SIZES, 5))
    for number in range(12):
        account.heartbeat(f"run-{number}")
        account.instance(f"run-{number}")
        account.cloud.run_for(timedelta(seconds=1))
        account.log(f"training {number}")
    with throttled(0) as events:
        read = _read()
    assert len(_told(read)) == 12
    assert read.checks[MONITOR, RUN].reason == "training 11"
    counted = Counter(event.rpartition(".")[2] for event in events)
    assert [counted[each] for each in ("DescribeInstances", "ListSchedules", "FilterLogEvents")] == [3, 3, 3]


def test_instances_that_switches_name_are_asked_for_in_filters_of_the_size_that_ec2_takes(account: MotoAccount) -> None:
    account.heartbeat()
    for number in range(MAX_IDS + 1):
        account.switch(f"i-{number:017x}")
    with traffic() as noted:
        _read()
    asked = [wanted["Filters"][0] for _, operation, wanted in noted.calls if operation == "DescribeInstances"]
    assert [len(each["Values"]) for each in asked if each["Name"] == "instance-id"] == [MAX_IDS, 1]


def test_an_instance_that_lost_all_its_tags_is_found_by_its_switch(account: MotoAccount) -> None:
    account.heartbeat()
    instance_id = launch()
    account.switch(instance_id)
    account.switch("i-0fffffffffffffff0")
    assert [each.instance_id for each in _read().stripped] == [instance_id]
    assert _told(_read(Scope.of("", "other"))) == []


def test_an_instance_that_lost_its_monitor_belongs_to_the_group_of_its_switch_whoever_is_asked_about(
    account: MotoAccount,
) -> None:
    """Two stacks have a run of one name: what the status says to put back must be the right monitor's tag."""
    account.heartbeat()
    other = create_function("prod-function", "team/prod/runs", group="prod-schedules")
    client("scheduler").create_schedule_group(Name="prod-schedules")
    text = heartbeat_input(replace(SETTINGS, monitor="team/prod/runs").to_document())
    create_schedule(RUN, other, text, group="prod-schedules")
    instance_id = launch(**{names.TAG_RUN: RUN})
    create_schedule(names.deadline_switch_name(instance_id), SWITCH_TARGET, "{}", group="prod-schedules")
    assert _told(_read(Scope.of(MONITOR, ""))) == [(MONITOR, RUN, RunState.GONE)]
    assert _told(_read(Scope.of("team/prod/runs", ""))) == [("team/prod/runs", RUN, RunState.UNWATCHED)]


def test_a_scope_costs_no_calls_for_what_lies_outside(account: MotoAccount) -> None:
    _in_every_condition(account)
    with traffic() as noted:
        _read(Scope.of("", "team/prod"))
    asked = [operation for _, operation, _ in noted.calls]
    assert asked == ["DescribeInstances", "ListSchedules", "GetFunctionConfiguration"]


def test_one_of_that_kind_that_has_ended_is_nobodys_concern(account: MotoAccount) -> None:
    account.heartbeat()
    instance_id = launch()
    account.switch(instance_id)
    client("ec2").terminate_instances(InstanceIds=[instance_id])
    account.cloud.run_for(timedelta(minutes=5))
    assert _read().stripped == ()


def test_schedules_of_others_are_no_runs(account: MotoAccount) -> None:
    other = create_function("nightly")
    client("scheduler").create_schedule_group(Name="batch")
    create_schedule("nightly", other, "{}", group="batch")
    create_schedule("nightly", other, "{}", group="default")
    create_schedule("nightly", other, "{}")
    create_schedule("own-trigger", account.function_arn, json.dumps({"trigger": "audit"}))
    create_schedule("elsewhere", account.function_arn, "{}", group="batch")
    assert _told(_read()) == []


def test_a_heartbeat_that_cannot_be_read_is_a_run_with_a_problem(account: MotoAccount) -> None:
    create_schedule("broken", account.function_arn, "not { json")
    create_schedule("newer", account.function_arn, json.dumps({"trigger": "heartbeat", "settings": {"version": 2}}))
    found = statuses(_read())
    assert [(status.run, status.state) for status in found] == [("broken", RunState.GONE), ("newer", RunState.GONE)]
    assert "is no JSON" in found[0].problems[0]
    assert "version: got 2" in found[1].problems[0]


def test_a_run_whose_monitor_was_deleted_is_told_by_its_heartbeat(account: MotoAccount) -> None:
    account.heartbeat()
    account.instance()
    client("lambda").delete_function(FunctionName=account.function_arn)
    (status,) = statuses(_read())
    assert (status.monitor, status.run) == (MONITOR, RUN)
    assert "the function that its heartbeat calls is gone" in status.problems[0]


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_follow_up_is_looked_at_only_where_the_log_does_not_tell_of_the_next_check(
    account: MotoAccount, is_readable: bool
) -> None:
    account.heartbeat()
    account.instance()
    account.log("training", next_check_at=format_time(account.cloud.clock.now() + timedelta(minutes=2)))
    account.follow_up("at(2026-03-02T09:30:00)")
    with traffic(**({} if is_readable else {"FilterLogEvents": "AccessDeniedException"})) as noted:
        (status,) = statuses(_read())
    got = [wanted["Name"] for _, operation, wanted in noted.calls if operation == "GetSchedule"]
    assert got == ([RUN] if is_readable else [RUN, names.follow_up_name(RUN)])
    assert status.next_check_at
    assert format_time(status.next_check_at) == ("2026-03-02T09:02:00Z" if is_readable else "2026-03-02T09:30:00Z")


@pytest.mark.parametrize("operation", ALL_OPERATIONS)
def test_a_right_that_is_lacking_is_told_and_the_rest_is_shown(account: MotoAccount, operation: str) -> None:
    _in_every_condition(account)
    with traffic(**{operation: "AccessDeniedException"}):
        read = _read()
    (error,) = read.unread
    assert (error.right, error.denied) == (RIGHTS[operation], True)
    assert sentence(error) == (
        f"Not shown: {LACKS[error.right]}. {error.right}: AccessDeniedException: no; allow {error.right},"
        " see docs/status.md"
    )
    found = [(monitor, run) for monitor, run, _ in _told(read) if run == RUN]
    assert found == [(MONITOR, RUN)]
    assert RunState.UNWATCHED not in [status.state for status in statuses(read) if status.run == RUN]


def test_without_function_and_input_nobody_says_that_a_heartbeat_is_gone(account: MotoAccount) -> None:
    account.heartbeat()
    account.instance()
    with traffic(GetFunctionConfiguration="AccessDeniedException", GetSchedule="AccessDeniedException"):
        (status,) = statuses(_read())
    assert (status.state, status.problems) == (RunState.RUNNING, ())


def test_where_neither_instances_nor_schedules_can_be_read_there_is_nothing_to_tell(account: MotoAccount) -> None:
    account.heartbeat()
    with (
        traffic(DescribeInstances="UnauthorizedOperation", ListSchedules="AccessDeniedException"),
        pytest.raises(
            NothingReadableError, match="in us-east-1: ec2:DescribeInstances: UnauthorizedOperation: no; sch"
        ),
    ):
        _read()


@pytest.mark.parametrize("code", ["ExpiredToken", "AuthFailure", "UnrecognizedClientException"])
def test_credentials_that_aws_refuses_are_told_with_what_to_do(account: MotoAccount, code: str) -> None:
    account.heartbeat()
    with traffic(DescribeInstances=code), pytest.raises(NothingReadableError, match=f"{code}.*log in again"):
        _read()


def test_a_request_that_is_throttled_is_sent_again(account: MotoAccount) -> None:
    account.heartbeat()
    account.instance()
    with throttled(3) as events:
        read = _read()
    assert _told(read) == [(MONITOR, RUN, RunState.RUNNING)]
    assert events[:4] == ["before-send.ec2.DescribeInstances"] * 4


def test_a_failure_that_is_no_refusal_is_told_without_advice_on_rights(account: MotoAccount) -> None:
    account.heartbeat()
    with traffic(ListSchedules="InternalServerException"):
        (error,) = _read().unread
    assert (error.denied, sentence(error).endswith("scheduler:ListSchedules: InternalServerException: no")) == (
        False,
        True,
    )


def test_the_group_that_holds_the_schedules_is_the_monitors(account: MotoAccount) -> None:
    account.heartbeat()
    assert _read().group_monitors == {GROUP: MONITOR}
