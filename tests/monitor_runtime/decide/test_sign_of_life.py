from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import Instance, StoredObject
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import BoxNews, Memory, box_value
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.completion import find
from monitor_runtime.decide.observation import Observation, SignOfLife, Unknown
from monitor_runtime.decide.sign_of_life import sign_is_due, silence

from ..builders import INSTANCE_ID, LAUNCH, at, instance, seen, settings, stored

RUN = settings(box_reports=True, expected_outputs=("model.bin", "metrics-*.json"))
LATE = at(minutes=20)


def _due(*objects: StoredObject, run: Any = RUN, minutes: float = 20, **fields: Any) -> bool:
    completion = find(run, objects, LAUNCH, Memory(), at(minutes=minutes))
    return sign_is_due(run, seen(*objects, completion=completion, **fields), at(minutes=minutes))


# When it is looked for.


@pytest.mark.parametrize(("minutes", "is_due"), [(0, False), (19.99, False), (20, True), (6000, True)])
def test_a_box_has_twenty_minutes_from_its_launch_to_report(minutes: float, is_due: bool) -> None:
    assert _due(minutes=minutes) is is_due


def test_a_box_that_never_reports_is_not_waited_for() -> None:
    assert not _due(run=settings())


@pytest.mark.parametrize("news", BoxNews)
def test_what_is_known_of_this_launch_is_not_looked_for_again(news: BoxNews) -> None:
    assert not _due(memory=_remembered(box_value(LATE, news)))


@pytest.mark.parametrize("value", ["", "reported", box_value(LAUNCH - timedelta(seconds=1), BoxNews.REPORTED)])
def test_what_is_known_of_an_earlier_launch_says_nothing_of_this_one(value: str) -> None:
    assert _due(memory=_remembered(value))


def _remembered(value: str) -> Memory:
    return Memory.of(instance(tags={names.TAG_BOX: value}), LATE)


@pytest.mark.parametrize("name", ["done", "FAILED", "model.bin", "metrics-3.json"])
def test_a_marker_or_an_output_of_this_launch_is_a_sign_of_life_itself(name: str) -> None:
    assert not _due(stored(name, at(minutes=3)))


@pytest.mark.parametrize(
    "entry", [stored("done", LAUNCH - timedelta(hours=1)), stored("model.bin", LAUNCH - timedelta(hours=1))]
)
def test_what_an_earlier_launch_left_is_no_sign_of_life(entry: StoredObject) -> None:
    assert _due(entry)


def test_what_others_may_have_put_there_is_no_sign_of_life() -> None:
    assert _due(stored("config.yaml", at(minutes=3)))


def test_nothing_is_looked_for_while_s3_is_unknown() -> None:
    assert not sign_is_due(RUN, seen(objects=Unknown("s3:ListObjectsV2: SlowDown")), LATE)


def test_nothing_is_looked_for_of_an_instance_that_pulumi_is_about_to_remove() -> None:
    assert not _due(memory=Memory(released_at=at(minutes=15)))
    assert _due(memory=Memory(released_at=at(minutes=5)))


def test_nothing_is_looked_for_of_an_instance_whose_launch_is_unknown() -> None:
    assert not sign_is_due(RUN, seen(instance=instance(launched_at=None)), LATE)


# What is told.


def _silence(sign: SignOfLife | Unknown | None) -> str | None:
    return silence(RUN, seen(sign_of_life=sign))


@pytest.mark.parametrize("sign", [None, Unknown("s3:GetObject: SlowDown"), SignOfLife(LAUNCH), SignOfLife(LATE)])
def test_of_a_box_that_has_reported_or_may_have_nothing_is_told(sign: SignOfLife | Unknown | None) -> None:
    assert _silence(sign) is None


def test_a_silent_box_is_told_with_what_that_means_and_where_to_look() -> None:
    assert _silence(SignOfLife()) == (
        f"the box of {INSTANCE_ID} has not reported since its launch at {format_time(LAUNCH)};"
        " s3://outputs/runs/llama-ft/runctl/started.json is absent: its user data failed, it has no AWS CLI, or it"
        " cannot write to S3: read /var/log/cloud-init-output.log through Session Manager, or aws ec2"
        f" get-console-output --latest --instance-id {INSTANCE_ID}"
    )


def test_a_report_of_an_earlier_launch_is_told_with_the_other_reason_that_there_may_be() -> None:
    told = _silence(SignOfLife(LAUNCH - timedelta(seconds=1)))
    assert told is not None
    assert "is older than this launch: its training had finished before, and is not started again, or its" in told


def test_a_report_that_cannot_be_read_is_told_with_the_reason_and_the_way_out() -> None:
    told = _silence(SignOfLife(LATE, "s3:GetObject: AccessDenied: kms:Decrypt"))
    assert told is not None
    assert told.startswith(
        "s3://outputs/runs/llama-ft/runctl/started.json is there, and cannot be read"
        " (s3:GetObject: AccessDenied: kms:Decrypt): neither could a marker's body be"
    )
    assert "set kms_key_arn" in told


def test_a_report_of_an_earlier_launch_that_cannot_be_read_is_no_report() -> None:
    told = _silence(SignOfLife(LAUNCH - timedelta(hours=1), "s3:GetObject: AccessDenied"))
    assert told is not None
    assert "has not reported" in told


def test_nothing_is_told_of_an_instance_whose_launch_is_unknown() -> None:
    unknown: Instance = instance(launched_at=None)
    assert silence(RUN, Observation(unknown, sign_of_life=SignOfLife())) is None
