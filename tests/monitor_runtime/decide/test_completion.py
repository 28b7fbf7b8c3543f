"""Rules 5 to 8 of the order of precedence: markers, verification, expected outputs, idle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.values import StoredObject, Upload
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Idle
from monitor_runtime.decide.completion import ManifestEntry, MarkerBody, find_marker
from monitor_runtime.decide.decisions import Decision, End, Wait
from monitor_runtime.decide.observation import Observation, Unknown

from ..builders import LAUNCH, PREFIX, at, decided, instance, metric_maxima, seen, settings, stored

DONE = stored("done", at(hours=2))
FAILED = stored("FAILED", at(hours=2))
GRACE_OVER = at(hours=2, minutes=5)
HOUR = timedelta(hours=1)
S3_DOWN = Unknown("s3:ListObjectsV2: SlowDown")


def _outcome(decision: Decision) -> tuple[str, Action]:
    assert isinstance(decision, End)
    return decision.outcome, decision.action


# S3 unknown blocks the rest.


def test_s3_unknown_is_never_taken_for_nothing_there() -> None:
    idle = Idle("CPUUtilization", 5, 10)
    resting = metric_maxima(*(0.0,) * 9, until=at(hours=3))
    decision = decided(
        settings(idle=idle), Observation(instance(), objects=S3_DOWN, metric_maxima=resting), at(hours=3)
    )
    assert isinstance(decision, Wait)


@pytest.mark.parametrize("source", ["marker_body", "uploads", "checkpoints"])
def test_a_source_that_fails_when_verifying_is_waited_for(source: str) -> None:
    decision = decided(settings(), seen(DONE, **{source: S3_DOWN}), at(hours=5))
    assert isinstance(decision, Wait)


@pytest.mark.parametrize("source", ["marker_body", "uploads", "checkpoints"])
def test_a_source_that_is_denied_makes_the_run_unverified_and_stopped(source: str) -> None:
    denied = Unknown("s3:GetObject: AccessDenied", permanent=True)
    decision = decided(settings(on_complete=Action.TERMINATE), seen(DONE, **{source: denied}), at(hours=5))
    assert _outcome(decision) == (Outcome.UNVERIFIED, Action.STOP)


# 5. Failure marker, 6. success marker.


@pytest.mark.parametrize("marker", [DONE, FAILED])
@pytest.mark.parametrize(("seconds", "kind"), [(-1, Wait), (0, End)])
def test_a_marker_ends_the_run_when_its_grace_is_over_and_not_before(
    marker: Any, seconds: int, kind: type[Decision]
) -> None:
    assert isinstance(decided(settings(), seen(marker), GRACE_OVER + timedelta(seconds=seconds)), kind)


def test_a_failure_marker_beside_a_success_marker_wins() -> None:
    early = stored("done", at(hours=1))
    decision = decided(settings(on_failure=Action.TERMINATE), seen(early, FAILED), GRACE_OVER)
    assert _outcome(decision) == (Outcome.FAILED, Action.TERMINATE)


def test_the_earliest_of_several_markers_starts_the_grace() -> None:
    decision = decided(settings(), seen(DONE, stored("COMPLETE", at(hours=1))), at(hours=1, minutes=5))
    assert isinstance(decision, End)


def test_the_earliest_marker_and_any_other_with_a_body_may_tell_more() -> None:
    run = settings(markers=("rank-*.done", "rank-2*", "done"))
    empty, told = stored("rank-1.done", at(hours=2, seconds=1), 0), stored("rank-2.done", at(hours=2, seconds=2))
    found = find_marker(run, [told, empty, DONE], LAUNCH)
    assert found
    assert found.marker_keys == (DONE.key, told.key)


FAILED_BODY = MarkerBody(failed=True, exit_code=3, message="token hf_123")


def test_a_failure_that_the_body_tells_of_counts_more_than_the_name_of_the_marker() -> None:
    decision = decided(settings(), seen(DONE, marker_body=FAILED_BODY), GRACE_OVER)
    assert isinstance(decision, End)
    assert (decision.outcome, decision.reason) == (Outcome.FAILED, "marker done (exit code 3)")


def test_the_last_words_of_a_training_are_shared_where_that_is_asked_for() -> None:
    decision = decided(settings(share_last_words=True), seen(DONE, marker_body=FAILED_BODY), GRACE_OVER)
    assert decision.reason == "marker done (exit code 3, token hf_123)"


def test_a_failure_marker_stays_one_whatever_its_body_says() -> None:
    decision = decided(settings(), seen(stored("FAILED", at(hours=2)), marker_body=MarkerBody(exit_code=0)), GRACE_OVER)
    assert isinstance(decision, End)
    assert decision.outcome is Outcome.FAILED


@pytest.mark.parametrize("on_complete", [Action.STOP, Action.TERMINATE])
def test_a_body_that_is_not_understood_is_no_proof_of_success(on_complete: Action) -> None:
    odd = seen(DONE, marker_body=MarkerBody(not_understood="no valid JSON"))
    decision = decided(settings(on_complete=on_complete), odd, at(hours=2, minutes=15))
    assert isinstance(decision, End)
    assert (decision.outcome, decision.action, decision.climbs) == (Outcome.UNVERIFIED, Action.STOP, False)
    assert decision.reason == "marker done, but its body is not understood: no valid JSON"


@pytest.mark.parametrize("name", ["INCOMPLETE", "done.txt", "abandoned", "Done", "sub/done", "done/", "COMPLETED"])
def test_a_look_alike_of_a_marker_is_not_one(name: str) -> None:
    assert isinstance(decided(settings(), seen(stored(name, at(hours=2))), at(hours=5)), Wait)


def test_a_marker_of_an_earlier_launch_is_ignored() -> None:
    stale = stored("done", LAUNCH - timedelta(seconds=1))
    assert isinstance(decided(settings(), seen(stale), at(hours=5)), Wait)


def test_an_empty_marker_is_a_marker() -> None:
    assert isinstance(decided(settings(), seen(stored("done", at(hours=2), size=0)), GRACE_OVER), End)


# Verification.

MANIFEST = MarkerBody(manifest=(ManifestEntry("model.pt", 9),))


@pytest.mark.parametrize(
    "fields",
    [
        {"uploads": (Upload(f"{PREFIX}model.pt", at(hours=1)),)},
        {"marker_body": MANIFEST},
        {"marker_body": MANIFEST, "checkpoints": (stored("model.pt", at(hours=1), 8),)},
        {"marker_body": MANIFEST, "checkpoints": (stored("model.pt", LAUNCH - HOUR, 9),)},
    ],
    ids=["upload under way", "file missing", "wrong size", "file of an earlier launch"],
)
def test_what_cannot_be_relied_on_is_waited_for_then_unverified(fields: dict[str, Any]) -> None:
    run = settings(on_complete=Action.TERMINATE, verify_timeout_seconds=600)
    waiting = decided(run, seen(DONE, **fields), GRACE_OVER + timedelta(seconds=599))
    given_up = decided(run, seen(DONE, **fields), GRACE_OVER + timedelta(seconds=600))
    assert isinstance(waiting, Wait)
    assert _outcome(given_up) == (Outcome.UNVERIFIED, Action.STOP)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((), "is missing"),
        ((stored("model.pt", at(hours=1), 0),), "is empty"),
        ((stored("model.pt", LAUNCH - HOUR, 9),), "is older than this launch"),
    ],
)
def test_what_is_wrong_with_a_file_of_the_manifest_is_said(found: tuple[StoredObject, ...], said: str) -> None:
    body = MarkerBody(manifest=(ManifestEntry("model.pt", None),))
    decision = decided(settings(), seen(DONE, marker_body=body, checkpoints=found), GRACE_OVER)
    assert decision.reason == f"marker done, but {PREFIX}model.pt of the manifest {said}"


@pytest.mark.parametrize("key", ["model.pt", f"{PREFIX}model.pt", f"s3://outputs/{PREFIX}model.pt"])
def test_a_manifest_may_name_its_files_in_three_ways(key: str) -> None:
    body = MarkerBody(manifest=(ManifestEntry(key, 9),))
    decision = decided(
        settings(), seen(DONE, marker_body=body, checkpoints=(stored("model.pt", at(hours=1), 9),)), GRACE_OVER
    )
    assert isinstance(decision, End)


def test_a_checkpoint_pattern_needs_a_fresh_object_that_is_not_empty() -> None:
    run = settings(checkpoint_patterns=("checkpoints/*.pt",))
    empty = seen(DONE, checkpoints=(stored("checkpoints/1.pt", at(hours=1), 0),))
    full = seen(DONE, checkpoints=(stored("checkpoints/1.pt", at(hours=1)),))
    assert isinstance(decided(run, empty, GRACE_OVER), Wait)
    assert isinstance(decided(run, full, GRACE_OVER), End)


# 7. Expected outputs.

OUTPUTS = settings(expected_outputs=("model/*.pt", "metrics.json"))


def test_all_expected_outputs_complete_a_run_from_the_newest_on() -> None:
    both = (stored("model/a.pt", at(hours=1)), stored("metrics.json", at(hours=2)))
    assert isinstance(decided(OUTPUTS, seen(*both), at(hours=1, minutes=30)), Wait)
    assert isinstance(decided(OUTPUTS, seen(*both), GRACE_OVER), End)


@pytest.mark.parametrize(
    "objects",
    [
        (stored("model/a.pt", at(hours=1)),),
        (stored("model/a.pt", at(hours=1)), stored("metrics.json", at(hours=1), 0)),
        (stored("model/a.pt", at(hours=1)), stored("metrics.json", LAUNCH - HOUR)),
        (stored("model/x/a.pt", at(hours=1)), stored("metrics.json", at(hours=1))),
    ],
    ids=["one missing", "one empty", "one of an earlier launch", "one in another folder"],
)
def test_a_run_whose_outputs_are_not_all_there_goes_on(objects: tuple[Any, ...]) -> None:
    assert isinstance(decided(OUTPUTS, seen(*objects), at(hours=5)), Wait)


# 9. Idle.

IDLE = settings(idle=Idle("CPUUtilization", 5.0, 30), on_failure=Action.TERMINATE)


def test_a_run_that_was_idle_for_the_whole_window_is_ended_like_a_failure() -> None:
    resting = metric_maxima(*(1.0,) * 6, until=at(hours=3))
    assert _outcome(decided(IDLE, seen(metric_maxima=resting), at(hours=3))) == (Outcome.IDLE, Action.TERMINATE)


@pytest.mark.parametrize(
    "maxima",
    [
        metric_maxima(*(1.0,) * 5, None, until=at(hours=3)),
        metric_maxima(*(1.0,) * 5, 5.0, until=at(hours=3)),
        metric_maxima(*(None,) * 6, until=at(hours=3)),
        None,
        Unknown("cloudwatch:GetMetricData: Throttling"),
    ],
    ids=["a datapoint missing", "one at the threshold", "no data", "not asked", "unknown"],
)
def test_missing_data_is_activity(maxima: Any) -> None:
    assert isinstance(decided(IDLE, seen(metric_maxima=maxima), at(hours=3)), Wait)
