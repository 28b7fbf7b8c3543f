"""An instance that is started again after its training had finished."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.memory import BoxNews, Memory, box_value, safe_value
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Stalled
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.decisions import Decision, End, Wait
from monitor_runtime.decide.observation import Observation, Progress, SignOfLife, Unknown
from monitor_runtime.decide.sign_of_life import sign_is_due, silence

from ..builders import LAUNCH, at, decided, instance, seen, settings

RUN = settings(box_reports=True)
BEFORE = LAUNCH - timedelta(days=1)
SILENT = SignOfLife(BEFORE)
TOLD = box_value(at(minutes=20), BoxNews.TOLD)


def _decided(
    minutes: float, run: Any = RUN, before: Outcome = Outcome.SUCCEEDED, box: str = TOLD, **fields: Any
) -> Decision:
    tags = {names.TAG_OUTCOME: before, names.TAG_ENDED_AT: format_time(BEFORE), names.TAG_BOX: box}
    looked = seen(**{"instance": instance(tags=tags), "sign_of_life": SILENT, **fields})
    return decided(run, looked, at(minutes=minutes))


@pytest.mark.parametrize("before", [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.UNVERIFIED])
def test_it_is_stopped_an_hour_after_its_start_as_what_it_had_been(before: Outcome) -> None:
    decision = _decided(60, before=before)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action) == (before, Action.STOP)
    assert decision.reason == f"{before} in an earlier launch, and only started again"


def test_until_then_it_is_told_when_it_will_be_and_looked_at_at_that_time() -> None:
    decision = _decided(59)
    assert isinstance(decision, Wait)
    assert decision.reason.endswith(f"only started again: stopped at {format_time(at(hours=1))}")
    assert decision.recheck_at == at(hours=1)


@pytest.mark.parametrize("field", ["on_complete", "on_failure"])
def test_what_somebody_started_is_stopped_where_it_would_have_been_terminated(field: str) -> None:
    before = Outcome.SUCCEEDED if field == "on_complete" else Outcome.FAILED
    decision = _decided(60, replace(RUN, **{field: Action.TERMINATE}), before)
    assert isinstance(decision, End)
    assert (decision.action, decision.climbs) == (Action.STOP, False)


def test_what_finishes_is_left_alone_where_it_is_only_reported() -> None:
    for before in (Outcome.SUCCEEDED, Outcome.UNVERIFIED):
        assert isinstance(_decided(90, replace(RUN, on_complete=Action.REPORT), before), Wait)


@pytest.mark.parametrize("before", [Outcome.DEADLINE, Outcome.INTERRUPTED, Outcome.IDLE, Outcome.STALLED])
def test_a_training_that_had_not_finished_is_watched_like_any_other(before: Outcome) -> None:
    decision = _decided(90, before=before)
    assert isinstance(decision, Wait)
    assert decision.reason == "training"


def test_one_that_trains_again_is_watched_like_any_other() -> None:
    assert isinstance(_decided(90, sign_of_life=SignOfLife(at(minutes=30))), Wait)
    assert isinstance(_decided(90, sign_of_life=None), Wait)


def _refused(run: Any, moment: datetime) -> Decision:
    """What is decided after EC2 refused the stop."""
    refused_at = format_time(at(minutes=60))
    tags = {
        names.TAG_OUTCOME: Outcome.SUCCEEDED,
        names.TAG_REASON: safe_value("succeeded in an earlier launch, and only started again"),
        names.TAG_ENDED_AT: refused_at,
        names.TAG_REFUSED: f"1 {refused_at} succeeded",
        names.TAG_BOX: TOLD,
    }
    return decided(run, seen(instance=instance(tags=tags), sign_of_life=SILENT), moment)


def test_what_ec2_refused_is_asked_for_again() -> None:
    decision = _refused(RUN, at(minutes=65))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action) == (Outcome.SUCCEEDED, Action.STOP)


def test_what_ec2_refused_until_the_deadline_is_ended_by_that_and_not_terminated_for_its_success() -> None:
    decision = _refused(replace(RUN, on_complete=Action.TERMINATE), at(hours=24))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action) == (Outcome.DEADLINE, Action.STOP)


def test_while_s3_does_not_say_whether_it_trains_it_runs_on() -> None:
    assert isinstance(_decided(90, sign_of_life=Unknown("s3:GetObject: SlowDown")), Wait)


def test_nobody_is_surprised_one_that_nobody_was_told_of_runs_on() -> None:
    assert isinstance(_decided(90, box=""), Wait)


def test_with_user_data_nothing_says_whether_it_trains() -> None:
    assert isinstance(_decided(90, settings()), Wait)


def test_what_does_not_train_has_not_stalled() -> None:
    run = replace(RUN, stalled=Stalled(("*.pt",), 5), on_failure=Action.TERMINATE)
    progress = Progress(LAUNCH, at(minutes=5))
    decision = _decided(30, run, progress=progress)
    assert isinstance(decision, Wait)
    assert isinstance(_decided(30, run, Outcome.DEADLINE, progress=progress), End)


def test_its_report_is_looked_for_once_more_before_it_is_stopped() -> None:
    looked = seen(memory=Memory(outcome_before=Outcome.SUCCEEDED, box=BoxNews.TOLD))
    assert [sign_is_due(RUN, looked, at(minutes=minutes)) for minutes in (30, 59, 60)] == [False, False, True]


def test_what_is_told_says_when_it_is_stopped_and_what_prevents_that() -> None:
    told = silence(RUN, seen(memory=Memory(outcome_before=Outcome.FAILED), sign_of_life=SILENT))
    assert told is not None
    assert told.endswith(
        ": its training had failed in an earlier launch, and is not started again; the instance is stopped at"
        f" {format_time(at(hours=1))}, unless it trains by then or is held (runctl:hold-until)"
    )


# What the tags remember.


def _remembered(ended_at: str, outcome: str = Outcome.SUCCEEDED) -> Memory:
    tags = {names.TAG_OUTCOME: outcome, names.TAG_ENDED_AT: ended_at, names.TAG_BOX: box_value(BEFORE, BoxNews.TOLD)}
    return Memory.of(instance(tags=tags), at(hours=1))


def test_an_outcome_is_of_this_launch_or_of_one_before() -> None:
    before, now = _remembered(format_time(BEFORE)), _remembered(format_time(at(minutes=1)))
    assert (before.outcome, before.outcome_before, before.box) == (None, Outcome.SUCCEEDED, None)
    assert (now.outcome, now.outcome_before) == (Outcome.SUCCEEDED, None)


@pytest.mark.parametrize(
    ("ended_at", "outcome"), [("", "succeeded"), ("soon", "succeeded"), (format_time(BEFORE), "x")]
)
def test_what_is_no_outcome_or_no_time_says_nothing_of_an_earlier_launch(ended_at: str, outcome: str) -> None:
    assert _remembered(ended_at, outcome).outcome_before is None


def test_an_observation_without_tags_remembers_nothing() -> None:
    assert Observation(instance()).memory.outcome_before is None
