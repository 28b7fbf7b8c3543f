"""When a source is asked again that did not answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from monitor_runtime.cloud.interface import CloudError, ErrorKind
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Refusable, noticed_value, refused_value, reported_value
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.completion import MarkerBody
from monitor_runtime.decide.decide import decide_unseen
from monitor_runtime.decide.decisions import End, Wait
from monitor_runtime.decide.observation import Observation, Unknown

from ..builders import LAUNCH, at, decided, instance, seen, settings, stored

HASTY = settings(grace_seconds=0, max_runtime_hours=0)
DONE = stored("done", LAUNCH)
MOMENTS = [at(seconds=45), at(minutes=3), at(hours=3)]
SOURCES: Mapping[str, Callable[[Unknown], Observation]] = {
    "S3": lambda source: replace(seen(), objects=source),
    "the marker": lambda source: seen(DONE, marker_body=source),
    "uploads": lambda source: seen(DONE, marker_body=MarkerBody(), uploads=source),
    "checkpoints": lambda source: seen(DONE, marker_body=MarkerBody(), checkpoints=source),
}


def _recheck(observation: Observation, moment: datetime) -> datetime | None:
    decision = decided(HASTY, observation, moment)
    assert isinstance(decision, Wait)
    return decision.recheck_at


def test_ec2_unknown_ends_nothing_and_is_left_to_the_heartbeat() -> None:
    decision = decide_unseen(Unknown("ec2:DescribeInstances: Unavailable"))
    assert decision == Wait("EC2 unknown: ec2:DescribeInstances: Unavailable", None)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_source_that_fails_is_asked_again_when_it_would_be_if_it_worked(source: str, moment: datetime) -> None:
    assert _recheck(SOURCES[source](Unknown("s3: InternalError")), moment) == _recheck(seen(), moment)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_source_that_throttles_is_left_to_the_heartbeat(source: str, moment: datetime) -> None:
    assert _recheck(SOURCES[source](Unknown("s3: SlowDown", throttled=True)), moment) is None


@pytest.mark.parametrize("throttled", [False, True])
def test_a_source_that_fails_does_not_hide_the_deadline(*, throttled: bool) -> None:
    failing = replace(seen(), objects=Unknown("S3", throttled=throttled))
    assert decided(settings(), failing, at(hours=23, minutes=58)) == Wait("S3 unknown: S3", at(hours=24))


def test_s3_is_waited_for_five_minutes_at_a_deadline_that_is_only_reported_and_asked_no_oftener_after_it() -> None:
    run = settings(on_deadline=Action.REPORT)
    noticed = {names.TAG_NOTICED: noticed_value("marker succeeded", at(hours=23))}
    blind = replace(seen(instance=instance(tags=noticed)), objects=Unknown("S3"))
    waiting = decided(run, blind, at(hours=24, minutes=4))
    assert waiting == Wait("marker succeeded, S3 unknown: S3", at(hours=24, minutes=5))
    assert isinstance(decided(run, blind, at(hours=24, minutes=5)), End)
    told = {**noticed, names.TAG_REPORTED: reported_value([Outcome.DEADLINE], at(hours=24, minutes=5))}
    after = replace(blind, instance=instance(tags=told))
    assert decided(run, after, at(hours=24, minutes=6)) == Wait("S3 unknown: S3", None)


@pytest.mark.parametrize("what", [Refusable.STOP_UNSUPPORTED, Outcome.UNVERIFIED])
def test_unverified_work_is_not_ended_by_a_deadline_that_is_only_reported_while_s3_fails(
    what: Refusable | Outcome,
) -> None:
    told = {
        names.TAG_REFUSED: refused_value(1, at(hours=3), what),
        names.TAG_OUTCOME: "unverified",
        names.TAG_ENDED_AT: format_time(at(hours=3)),
    }
    blind = replace(seen(instance=instance(tags=told)), objects=Unknown("S3"))
    waiting = Wait("S3 unknown: S3", None)
    assert decided(settings(on_deadline=Action.REPORT), blind, at(hours=24, minutes=6)) == waiting
    assert isinstance(decided(settings(), blind, at(hours=24, minutes=6)), End)


@pytest.mark.parametrize("throttled", [False, True])
@pytest.mark.parametrize("kind", ErrorKind)
def test_what_a_failed_call_leaves_unknown_is_why_and_whether_to_ask_again(kind: ErrorKind, *, throttled: bool) -> None:
    error = CloudError("s3:ListObjectsV2", "Code", "words", kind, throttled=throttled)
    expected = Unknown("s3:ListObjectsV2: Code: words", permanent=kind is ErrorKind.REFUSED, throttled=throttled)
    assert Unknown.of(error) == expected
