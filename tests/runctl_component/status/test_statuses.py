"""What is told of a run, from what was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from runctl_component.status.run_status import HeartbeatState, RunState
from runctl_component.status.scope import Scope
from runctl_component.status.statuses import statuses
from runctl_component.status.values import Function

from .readings_builders import (
    INSTANCE_ID,
    LAUNCH,
    MONITOR,
    NOW,
    RUN,
    SETTINGS,
    after,
    before,
    check,
    heartbeat,
    instance,
    readings,
    switch,
    told,
)

ENDED = {"outcome": "succeeded", "ended_at": before(minutes=9), "reason": "marker done"}


@pytest.mark.parametrize(
    ("state", "tags", "expected"),
    [
        ("pending", {}, RunState.STARTING),
        ("running", {}, RunState.RUNNING),
        ("running", {"noticed": f"{before(minutes=2)} marker done"}, RunState.COMPLETING),
        ("running", {"noticed": f"{before(days=2)} marker done"}, RunState.RUNNING),
        ("running", {"hold_until": after(hours=1), "noticed": f"{before(minutes=2)} marker done"}, RunState.HELD),
        ("running", {"hold_until": before(hours=1)}, RunState.RUNNING),
        ("running", {"ending_refused": f"2 {before(minutes=2)} deadline"}, RunState.REFUSED),
        ("running", {**ENDED, "reported": f"{before(minutes=9)} succeeded"}, RunState.KEPT),
        ("running", {"ending_refused": f"1 {before(minutes=2)} stop-unsupported"}, RunState.KEPT),
        ("running", {**ENDED, "outcome": "interrupted"}, RunState.ENDING),
        ("running", {"released": before(minutes=2)}, RunState.RELEASED),
        ("running", {"released": before(minutes=20)}, RunState.RUNNING),
        ("running", {"monitor": None}, RunState.UNWATCHED),
        ("running", {**ENDED, "ended_at": before(days=2)}, RunState.RUNNING),
        ("stopping", ENDED, RunState.ENDING),
        ("shutting-down", {}, RunState.ENDING),
        ("stopped", ENDED, RunState.ENDED),
        ("terminated", {}, RunState.ENDED),
    ],
)
def test_a_state_follows_from_the_instance_and_its_tags(state: str, tags: dict[str, str], expected: RunState) -> None:
    assert told(instance(state, **tags)).state == expected


def test_a_run_that_ended_is_told_with_its_outcome_its_time_and_its_reason() -> None:
    status = told(instance("stopped", **ENDED))
    assert (status.outcome, status.reason) == (Outcome.SUCCEEDED, "marker done")
    assert status.ended_at == NOW - timedelta(minutes=9)
    assert status.next_check_at is None


def test_a_run_that_goes_on_is_told_in_the_words_of_its_last_check() -> None:
    status = told(instance(), checks={(MONITOR, RUN): check("training, 2 of 3 outputs")})
    assert status.reason == "training, 2 of 3 outputs"
    assert status.problems == ()


def test_without_the_log_the_tags_say_what_is_known() -> None:
    status = told(instance(noticed=f"{before(minutes=2)} marker done"), checks={}, logs_since={})
    assert status.reason == f"marker done, grace period since {before(minutes=2)}"


@pytest.mark.parametrize(
    ("armed", "reason"),
    [
        (before(minutes=20), "ended by its deadline switch at 2026-03-02T11:41:00Z; no check has recorded it"),
        (after(hours=1), "ended at 2026-03-02T11:41:00Z by somebody else than the monitor; no check has recorded it"),
        (None, "ended at 2026-03-02T11:41:00Z by somebody else than the monitor; no check has recorded it"),
    ],
)
def test_an_end_that_nobody_recorded_is_told_as_what_it_looks_like(armed: str | None, reason: str) -> None:
    ended = replace(instance("stopped", armed=armed), state_changed_at=NOW - timedelta(minutes=19))
    status = told(ended)
    assert (status.state, status.outcome, status.reason) == (RunState.ENDED, None, reason)
    assert status.ended_at == NOW - timedelta(minutes=19)


def test_what_pulumi_removed_was_ended_by_nobody_else() -> None:
    assert told(instance("terminated", released=before(minutes=30))).reason == "removed by Pulumi"


def test_a_run_without_an_instance_is_gone_and_is_told_by_its_heartbeat() -> None:
    status = told()
    assert (status.state, status.instance_id) == (RunState.GONE, None)
    assert status.reason == "no instance: not launched, or terminated more than an hour ago"
    assert (status.output_uri, status.log_uri) == ("s3://outputs/runs/llama-ft/", "s3://outputs/runs/llama-ft/runctl/")


def test_where_instances_cannot_be_read_a_run_is_unknown_and_not_gone() -> None:
    status = told(instances=None)
    assert (status.state, status.reason) == (RunState.UNKNOWN, "training")


def test_each_instance_of_a_run_is_told() -> None:
    found = statuses(readings(instance("terminated", "i-1", **ENDED), instance()))
    assert [(status.instance_id, status.state) for status in found] == [
        (INSTANCE_ID, RunState.RUNNING),
        ("i-1", RunState.ENDED),
    ]
    assert [status.last_check is None for status in found] == [False, True]


@pytest.mark.parametrize(
    ("settings", "tags", "due", "has_deadline"),
    [
        (SETTINGS, {}, LAUNCH + timedelta(hours=24), True),
        (replace(SETTINGS, max_runtime_hours=0), {}, None, False),
        (replace(SETTINGS, on_deadline=Action.REPORT), {}, LAUNCH + timedelta(hours=24), True),
        (None, {"armed": f"{after(minutes=30)} stop by {MONITOR}"}, NOW + timedelta(minutes=20), True),
        (None, {"armed": f"{after(minutes=30)} stop by {MONITOR} unsure"}, None, None),
        (None, {"armed": f"{after(minutes=30)} stop by x", "hold_until": after(minutes=20)}, None, None),
        (None, {}, None, None),
    ],
)
def test_the_deadline_is_that_of_the_settings_or_follows_from_the_switch(
    settings: object, tags: dict[str, str], due: object, has_deadline: object
) -> None:
    beat = heartbeat(settings if isinstance(settings, type(SETTINGS)) else None)
    status = told(instance(**tags), heartbeats=(beat,), schedules=(switch(),))
    assert (status.deadline_at, status.has_deadline) == (due, has_deadline)


def test_the_next_check_is_that_of_the_last_one_or_the_follow_up() -> None:
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=4)
    follow_ups = {(MONITOR, RUN): later}
    said = {(MONITOR, RUN): check(next_check_at=soon)}
    overdue = {(MONITOR, RUN): check(next_check_at=NOW - timedelta(minutes=1))}
    assert told(instance(), checks=said, follow_ups=follow_ups).next_check_at == soon
    assert told(instance(), checks=overdue, follow_ups=follow_ups).next_check_at == later
    assert told(instance(), checks=overdue).next_check_at is None


def test_a_log_is_told_only_where_the_instance_has_the_runner() -> None:
    assert told(instance()).log_uri is None
    assert told(instance(success_marker="done")).log_uri == "s3://outputs/runs/llama-ft/runctl/"


def test_the_heartbeat_is_told() -> None:
    assert told(instance()).heartbeat is HeartbeatState.ENABLED
    assert told(instance(), heartbeats=(heartbeat(enabled=False),)).heartbeat is HeartbeatState.DISABLED
    assert told(instance(), heartbeats=()).heartbeat is HeartbeatState.MISSING
    assert told(instance(), heartbeats=(), schedules=None).heartbeat is HeartbeatState.UNKNOWN
    assert told(instance(), heartbeats=(), undecided=frozenset({RUN})).heartbeat is HeartbeatState.UNKNOWN


def test_what_lost_its_monitor_belongs_to_the_monitor_of_its_switch_or_of_the_only_run_of_its_name() -> None:
    lost = instance(monitor=None)
    by_switch = told(lost, heartbeats=(), schedules=(switch(),))
    assert (by_switch.monitor, by_switch.run, by_switch.state) == (MONITOR, RUN, RunState.UNWATCHED)
    assert told(lost).monitor == MONITOR
    assert told(lost, heartbeats=()).monitor == ""
    elsewhere = replace(heartbeat(), monitor="team/prod/runs")
    monitors = [status.monitor for status in statuses(readings(lost, heartbeats=(heartbeat(), elsewhere)))]
    assert monitors == ["", MONITOR, "team/prod/runs"]


@pytest.mark.parametrize("scope", [Scope.of("", "team/dev"), Scope.of(MONITOR, "")])
def test_what_lost_its_monitor_may_be_of_a_run_of_that_name_outside_of_the_scope(scope: Scope) -> None:
    elsewhere = replace(heartbeat(), monitor="team/prod/runs")
    found = statuses(readings(instance(monitor=None), heartbeats=(heartbeat(), elsewhere), scope=scope))
    assert [(status.monitor, status.instance_id) for status in found] == [(MONITOR, None)]


def test_what_lost_all_its_tags_is_told_by_its_switch() -> None:
    bare = replace(instance(), tags={})
    unwatched, gone = statuses(readings(stripped=(bare,), schedules=(switch(),)))
    assert (unwatched.monitor, unwatched.run, unwatched.instance_id) == (MONITOR, "", INSTANCE_ID)
    assert unwatched.state is RunState.UNWATCHED
    assert gone.state is RunState.GONE


def test_only_what_is_asked_about_is_told() -> None:
    other = instance(monitor="team/prod/runs")
    beats = (heartbeat(),)
    assert [status.monitor for status in statuses(readings(other, heartbeats=beats))] == [MONITOR, "team/prod/runs"]
    asked = readings(other, heartbeats=(), scope=Scope.of("", "team/prod"))
    assert [status.monitor for status in statuses(asked)] == ["team/prod/runs"]
    assert statuses(readings(other, heartbeats=(), scope=Scope.of("team/qa/runs", ""))) == []


def _gone() -> dict[str, object]:
    return {"heartbeats": (replace(heartbeat(), function=Function(exists=False)),)}


@pytest.mark.parametrize(
    ("tags", "fields", "problem"),
    [
        ({}, {"heartbeats": ()}, "its heartbeat is gone: nothing checks it. pulumi up --refresh puts it back"),
        ({}, {"heartbeats": (heartbeat(enabled=False),)}, "Enable the schedule runs-schedules/llama-ft"),
        ({}, {"heartbeats": (heartbeat(text="no json"),)}, "its heartbeat's input is no JSON; run pulumi up"),
        ({}, _gone(), "the function that its heartbeat calls is gone"),
        ({"monitor": None}, {}, f"--resources {INSTANCE_ID} --tags Key={names.TAG_MONITOR},Value={MONITOR}"),
        ({"hold_until": "tomorrow"}, {}, "runctl:hold-until 'tomorrow' is not a time, and is ignored"),
        ({"hold_until": after(days=9)}, {}, "is ignored: it is more than 7 days ahead"),
        (
            {"ending_refused": f"3 {before(minutes=2)} deadline"},
            {},
            "EC2 refused its ending (deadline) 3 times in a row",
        ),
        ({"ending_refused": f"1 {before(minutes=2)} deadline"}, {}, "EC2 refused its ending (deadline) once"),
        ({"ending_refused": f"1 {before(minutes=2)} stop-unsupported"}, {}, "it is kept until its deadline"),
        (
            {"armed": f"{after(hours=2)} stop by x"},
            {},
            "its deadline switch for 2026-03-02T14:00:00Z is gone or disabled",
        ),
        (
            {"armed": f"{before(hours=2)} stop by x"},
            {"schedules": (switch(),)},
            "it still runs, and its deadline switch",
        ),
        ({}, {"checks": {}}, "no check since 2026-03-02T11:50:00Z, though one is due every 300 s"),
        ({}, {"checks": {(MONITOR, RUN): check(problems=("s3 is denied",))}}, "s3 is denied"),
        ({}, {"checks": {(MONITOR, RUN): check("a bug", decision="failed")}}, "its last check failed: a bug"),
    ],
)
def test_what_somebody_should_see_to_is_told(tags: dict[str, str], fields: dict[str, object], problem: str) -> None:
    (found,) = told(instance(**tags), **fields).problems
    assert problem in found


def test_a_tag_that_the_last_check_tells_of_too_is_told_once() -> None:
    said = check(problems=("runctl:hold-until 'x' is not a time", "another problem"))
    status = told(instance(hold_until="x"), checks={(MONITOR, RUN): said})
    assert [problem.partition(" ")[0] for problem in status.problems] == ["runctl:hold-until", "another"]


def test_silence_is_told_only_where_a_check_must_have_been() -> None:
    young = replace(instance(), launched_at=NOW - timedelta(minutes=1))
    assert told(young, checks={}).problems == ()
    assert told(instance(), checks={}, logs_since={}).problems == ()
    assert told(instance("stopped", **ENDED), checks={}).problems == ()


def test_what_pulumi_is_about_to_remove_lacks_nothing() -> None:
    assert told(instance(released=before(minutes=2)), heartbeats=()).problems == ()
